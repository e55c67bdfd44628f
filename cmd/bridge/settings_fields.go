package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/realty/schema"
)

type settingsFields struct {
	Portal     string   `required:"" placeholder:"MEMBER_ID" help:"The portal's member_id; bridge portals lists them."`
	For        []string `required:"" placeholder:"TYPE" help:"Docflow types whose ready mappings are to find their fields; several are joined by commas, all stands for every one."`
	Entity     string   `default:"deal" enum:"deal,lead,item" help:"Cards to make them for: deal, lead or item (of a smart process)."`
	EntityType int      `placeholder:"N" help:"The smart process's entityTypeId."`
	DryRun     bool     `help:"Only tell what is missing."`
}

// allTypes stands for every docflow type.
const allTypes = "all"

// Validate refuses what contradicts itself, as wrong usage.
func (c settingsFields) Validate() error {
	for _, name := range c.For {
		if _, known := realty.ParseKind(name); !known && name != allTypes {
			return fmt.Errorf("unknown docflow type %q; bridge schema lists them", name)
		}
	}
	if smart := c.Entity == "item"; smart != (c.EntityType != 0) || smart && !bitrix.EntityTypeID(c.EntityType).IsSmartProcess() {
		return errors.New("--entity item and --entity-type go together, and that is 128 or more")
	}
	return nil
}

// Run makes the fields.
func (c settingsFields) Run(ctx context.Context, p *process) error {
	wanted := app.FieldsWanted{Card: c.card(), DryRun: c.DryRun}
	for _, name := range c.For {
		if name == allTypes {
			wanted.Types = schema.Kinds()
			break
		}
		kind, _ := realty.ParseKind(name)
		wanted.Types = append(wanted.Types, string(kind))
	}
	return p.withStore(ctx, func(cfg config.Config, st *store.Store) error {
		client, err := portalClient(ctx, cfg, st, portal.ID(c.Portal))
		if err != nil {
			return err
		}
		count := map[app.FieldState]int{}
		err = app.MakeFields(ctx, client, wanted, func(line app.FieldLine) {
			count[line.State]++
			fmt.Fprintln(p.out, strings.TrimRight(fmt.Sprintf("%-8s %-8s %-40s %s", line.State, line.Holder, line.Name, line.Note), " "))
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "%d there, %d made, %d missing, %d different\n",
			count[app.FieldThere], count[app.FieldMade], count[app.FieldMissing], count[app.FieldDiffers])
		return err
	})
}

func (c settingsFields) card() bitrix.EntityTypeID {
	switch c.Entity {
	case "lead":
		return bitrix.EntityLead
	case "item":
		return bitrix.EntityTypeID(c.EntityType)
	}
	return bitrix.EntityDeal
}

// portalClient borrows the access token of a portal that the service keeps fresh. Commands never renew it: two that
// renew one pair at a time can lose it.
func portalClient(ctx context.Context, cfg config.Config, st *store.Store, id portal.ID) (*bitrix.Client, error) {
	all, err := st.Portals(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(p portal.Portal) bool { return p.ID == id && p.State != portal.Removed })
	if at < 0 {
		return nil, fmt.Errorf("%w: %s; bridge portals lists them", portal.ErrUnknown, id)
	}
	service, found := all[at].Service()
	if !found {
		return nil, fmt.Errorf("portal %s has no active application: save the application's form again", id)
	}
	pair, err := st.LoadPair(ctx, portal.PairKey(id, service.ClientID, service.UserID))
	if err != nil {
		return nil, fmt.Errorf("portal %s: %w: an administrator of the portal has to open the application again", id, err)
	}
	if time.Until(pair.Expires) < checkTime {
		return nil, fmt.Errorf("the access token of portal %s has run out and bridge serve, which renews it, has not: start it and repeat the command", id)
	}
	up := upstream.New(upstream.WithInsecure(cfg.AllowInsecureUpstreams))
	return bitrix.New(up, borrowed{pair.Access, all[at].Endpoint}, bitrix.WithLimiter(app.NewGentle(time.Now))), nil
}
