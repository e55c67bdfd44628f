// Package incoming finds a card for a message that came from a counteragent through Диадок: by the portal's rule
// it joins the newest open deal of the company, or a lead is made for it, once.
package incoming
