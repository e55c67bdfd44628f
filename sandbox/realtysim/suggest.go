package realtysim

import (
	"net/http"
	"strings"
)

// place is one answer of the address search, with the fields and number types of the printed example.
type place struct {
	ObjectID     string `json:"objectId"`
	SubjectID    int64  `json:"subjectId"`
	RegionID     int64  `json:"regionId"`
	SettlementID int64  `json:"settlementId"`
	SrcObject    int    `json:"srcObject"`
	RegionKey    int    `json:"regionKey"`
	ObjectCN     string `json:"objectCn"`
	Street       string `json:"street"`
	House        string `json:"house"`
	Apartment    string `json:"apartment"`
	AddressNotes string `json:"addressNotes"`
}

func builtInPlaces() []place {
	at := func(short, cn, street, house, room, notes string) place {
		return place{
			ObjectID: short, SubjectID: 150000000000, RegionID: 150401000000, SettlementID: 150401379000,
			SrcObject: 1, RegionKey: 154, ObjectCN: cn, Street: street, House: house, Apartment: room, AddressNotes: notes,
		}
	}
	return []place{
		at("54:35:0:5911", "54:35:000000:5911", "ТАТЬЯНЫ СНЕЖИНОЙ|УЛ", "39||", "120", "г Новосибирск, ул Татьяны Снежиной, д. 39, 120"),
		at("54:35:0:5013", "54:35:000000:5013", "ТАТЬЯНЫ СНЕЖИНОЙ|УЛ", "39/1||", "120", "г Новосибирск, ул Татьяны Снежиной, д. 39/1, 120"),
		at("54:35:21060:1683", "54:35:021060:1683", "ЧЕЛЮСКИНЦЕВ|УЛ", "14||", "81", "г Новосибирск, ул Челюскинцев, д. 14, 81"),
	}
}

// AddPlace lets the address search find one more object; street is a name without its type word.
func (s *Server) AddPlace(cadastralNumber, street, house, room, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[0]
	p.ObjectID, p.ObjectCN, p.Street = cadastralNumber, cadastralNumber, strings.ToUpper(street)+"|УЛ"
	p.House, p.Apartment, p.AddressNotes = house+"||", room, address
	s.places = append(s.places, p)
}

// suggest is method 11. House numbers match by their beginning, so near matches come too, as in the example.
func (s *Server) suggest(req request) reply {
	if req.media != "application/json" {
		return unsupportedMedia()
	}
	body, ok := parseObject(req.body)
	if !ok {
		return refuse(http.StatusBadRequest, "validation", "body is not a JSON object", "api")
	}
	region, faults := addressPart(body, "region", "name")
	if region == "" && len(faults) == 0 {
		faults = append(faults, Refusal{Code: "validation", Message: "must not be null", Target: "region.name"})
	}
	values := map[string]string{}
	for _, field := range []string{
		"autonomousCounty.name", "district.name", "city.name", "settlement.name", "street.name", "house.number",
		"house.buildingNumber", "house.sructureNumber", "house.structureNumber", "room.number", // O29: both spellings
	} {
		level, key, _ := strings.Cut(field, ".")
		value, bad := addressPart(body, level, key)
		faults = append(faults, bad...)
		values[field] = strings.ToLower(value)
	}
	if len(faults) > 0 {
		return validation(faults)
	}
	found := []place{}
	for _, p := range s.places {
		street, _, _ := strings.Cut(strings.ToLower(p.Street), "|")
		if strings.Contains(strings.ToLower(p.AddressNotes), values["city.name"]) &&
			strings.Contains(street, values["street.name"]) &&
			strings.HasPrefix(p.House, values["house.number"]) &&
			(values["room.number"] == "" || p.Apartment == values["room.number"]) {
			found = append(found, p)
		}
	}
	return jsonReply(http.StatusOK, found)
}

// addressPart reads body[level][key]; levels and numbers may be absent or null.
func addressPart(body map[string]any, level, key string) (string, []Refusal) {
	wrong := func(target string) []Refusal {
		return []Refusal{{Code: "validation", Message: "has a wrong format", Target: target}}
	}
	if body[level] == nil {
		return "", nil
	}
	part, ok := body[level].(map[string]any)
	if !ok {
		return "", wrong(level)
	}
	switch v := part[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", wrong(level + "." + key)
	}
}
