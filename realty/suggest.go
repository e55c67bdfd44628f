package realty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// CadastreQuery is an address by FIAS levels, to a house or a room. It is not the Address of docflows.
//
// Doc: Kontur.Reestro API docs, page "Поиск кадастрового номера".
type CadastreQuery struct {
	Region           string // required; the rest when known
	AutonomousCounty string
	District         string
	City             string
	Settlement       string
	Street           string
	House            string // number of the house
	Building         string // корпус
	Structure        string // литера; see WithStructureName
	Room             string // flat or office
}

// CadastreMatch is one object at or near the address: the answer contains near matches, so that a
// person must choose.
type CadastreMatch struct {
	CadastralNumber string // objectCn
	ObjectID        string // looks like a short cadastral number, but is none
	SubjectID       string // codes are numbers beyond 32 bits, kept as text
	RegionID        string
	SettlementID    string
	SourceObject    string // srcObject
	RegionKey       string
	Street          string // name and type word split by "|"
	House           string // house, building and structure split by "|"
	Apartment       string
	Address         string // addressNotes: the address as free text
}

// CadastreSuggest looks for cadastral numbers by address. No match is an empty list.
//
// Errors: *APIError matching [ErrRefused] when a part of the address has a wrong format.
//
// Doc: Kontur.Reestro API docs, page "Поиск кадастрового номера", POST /location/cadastre/suggest.
func (c *Client) CadastreSuggest(ctx context.Context, query CadastreQuery) ([]CadastreMatch, error) {
	req := call{op: "POST /location/cadastre/suggest", method: http.MethodPost, path: c.suggestPath,
		contentType: jsonType}
	body, err := json.Marshal(c.suggestBody(query))
	if err != nil {
		return nil, fmt.Errorf("realty: %s: %w", req.op, err)
	}
	req.body = body
	answer, err := c.do(ctx, req)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(answer.Body)) == 0 {
		return nil, nil
	}
	var wire oneOrMany[struct {
		ObjectID, SubjectID, RegionID, SettlementID, SrcObject, RegionKey text
		ObjectCN, Street, House, Apartment, AddressNotes                  text
	}]
	if err := decode(req, answer, &wire); err != nil {
		return nil, err
	}
	matches := make([]CadastreMatch, 0, len(wire))
	for _, w := range wire {
		matches = append(matches, CadastreMatch{CadastralNumber: string(w.ObjectCN), ObjectID: string(w.ObjectID),
			SubjectID: string(w.SubjectID), RegionID: string(w.RegionID), SettlementID: string(w.SettlementID),
			SourceObject: string(w.SrcObject), RegionKey: string(w.RegionKey), Street: string(w.Street),
			House: string(w.House), Apartment: string(w.Apartment), Address: string(w.AddressNotes)})
	}
	return matches, nil
}

// suggestBody leaves out the levels that the query does not name.
func (c *Client) suggestBody(query CadastreQuery) map[string]map[string]string {
	body := map[string]map[string]string{}
	set := func(level, key, value string) {
		if value == "" {
			return
		}
		if body[level] == nil {
			body[level] = map[string]string{}
		}
		body[level][key] = value
	}
	set("region", "name", query.Region)
	set("autonomousCounty", "name", query.AutonomousCounty)
	set("district", "name", query.District)
	set("city", "name", query.City)
	set("settlement", "name", query.Settlement)
	set("street", "name", query.Street)
	set("house", "number", query.House)
	set("house", "buildingNumber", query.Building)
	set("house", c.structureName, query.Structure)
	set("room", "number", query.Room)
	return body
}
