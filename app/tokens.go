package app

import (
	"konturbridge/app/portal"
	"konturbridge/oauth"
)

// tokens makes the token source of one of a portal's applications; "" stands for the one at work.
func (c *clients) tokens(id portal.ID, clientID string) *portal.Tokens {
	return portal.NewTokens(portal.TokensDeps{Portals: c.portals, Store: c.store, Keeper: c.keeper, Moved: c.moved,
		Now: c.deps.Now, Log: c.deps.Log}, id, clientID)
}

// keeper gives the keeper of a pair, one and the same until the pair is replaced.
func (c *clients) keeper(key, clientID string) portal.Keeper {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.pairs[key]; k != nil {
		return k
	}
	k := oauth.NewPairKeeper(key, c.keys[clientID], c.servers, c.store, c.deps)
	c.pairs[key] = k
	return k
}
