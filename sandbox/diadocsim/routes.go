package diadocsim

import "net/http"

// route is a way of approval inside a company.
type route struct{ id, name string }

func routeArea() map[string]behaviour {
	return map[string]behaviour{
		"GetResolutionRoutes":                {box: "boxId", serve: (*call).getRoutes},
		"GetResolutionRoutesForOrganization": {serve: (*call).getRoutesOfOrganization},
	}
}

// AddRoute gives a box a route of approval and returns its id.
func (s *Server) AddRoute(boxID, name string) (id string, err error) {
	err = s.lever(func() error {
		b, err := s.known(boxID)
		if err == nil {
			id = newGUID()
			b.routes = append(b.routes, route{id, name})
		}
		return err
	})
	return id, err
}

// getRoutes: of a route only RouteId is described.
func (c *call) getRoutes() (reply, error) {
	list := []object{}
	for _, r := range c.box.routes {
		list = append(list, object{"RouteId": r.id, "Name": r.name})
	}
	return jsonReply(object{"ResolutionRoutes": list}), nil
}

func (c *call) getRoutesOfOrganization() (reply, error) {
	b, err := c.organizationBox(c.arg("orgId"))
	if err == nil {
		err = c.enterAs(b.id)
	}
	if err != nil {
		return reply{}, err
	}
	return c.getRoutes()
}

type routeAssignment struct {
	InitialDocumentId string `dia:"req"`
	RouteId           string `dia:"req"`
	Comment           string `dia:"max=500"`
	Labels            []string
}

type routeRemoval struct {
	ParentEntityId string `dia:"req"`
	RouteId        string `dia:"req"`
	Comment        string `dia:"max=256"`
	Labels         []string
}

func (p *patching) assignRoute(part *routeAssignment) error {
	if err := p.need(requestResolutions); err != nil {
		return err
	}
	_, d, err := p.parent(part.InitialDocumentId)
	if err != nil {
		return err
	}
	for _, r := range p.box.routes {
		if r.id == part.RouteId {
			p.keepIn(&entity{kind: "ResolutionRouteAssignmentAttachment", parent: d.e.id, content: []byte(part.Comment), hasContent: part.Comment != "",
				labels: part.Labels, extra: object{"ResolutionRouteAssignmentInfo": object{"RouteId": r.id, "Author": p.personName(p.userID())}}})
			p.change(d, "", func() { d.place(p.box).route = r.id })
			return nil
		}
	}
	return refuse(http.StatusNotFound, "Route %s is not found", part.RouteId)
}

func (p *patching) removeRoute(part *routeRemoval) error {
	if err := p.need(requestResolutions); err != nil {
		return err
	}
	_, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	if d.place(p.box).route != part.RouteId {
		return conflict("Document %s is not on route %s", d.e.id, part.RouteId)
	}
	p.keepIn(&entity{kind: "ResolutionRouteRemovalAttachment", parent: d.e.id, content: []byte(part.Comment), hasContent: part.Comment != "",
		labels: part.Labels, extra: object{"ResolutionRouteRemovalInfo": object{"RouteId": part.RouteId, "Author": p.personName(p.userID())}}})
	p.change(d, "", func() { d.place(p.box).route = "" })
	return nil
}
