package diadoc

import "context"

// RegistrationResponse tells how a registration goes on.
type RegistrationResponse struct {
	RegistrationStatus RegistrationStatus `json:"RegistrationStatus,omitempty"`
	DataToSign         Raw                `json:"DataToSign,omitempty"` // what proves the ownership of the certificate
	Extra              Extra              `json:"-"`
}

// Register registers an organisation or an employee by certificate. request is a RegistrationRequest.
func (c *Client) Register(ctx context.Context, request Raw) (RegistrationResponse, error) {
	return ask[RegistrationResponse](ctx, c, "Register", nil, request)
}

// RegisterConfirm proves the ownership of the certificate. request is a RegistrationConfirmRequest.
//
// Errors: [ErrConflict] when the registration needs no confirmation.
func (c *Client) RegisterConfirm(ctx context.Context, request Raw) error {
	return c.tell(ctx, "RegisterConfirm", nil, request)
}
