package portal

import "konturbridge/oauth"

// GrantKey names what the connection's refresh token grants; "" without one. Connections with the same token
// share the grant, whatever portals they belong to: the token rotates, and a chain of its own for each would
// kill the others. The name is a hash, and stays when the secret key changes; a refresh token is too long to
// be guessed from it.
func (c Connection) GrantKey() string {
	token := c.Secrets["refreshToken"]
	if token == "" {
		return ""
	}
	return oauth.Fingerprint("diadoc", token)[:32]
}
