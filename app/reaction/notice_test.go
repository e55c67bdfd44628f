package reaction_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/bitrix"
)

// staff is what notices read of the database.
type staff struct {
	connections []portal.Connection
	users       []int64
}

func (s staff) Connections(context.Context, portal.ID) ([]portal.Connection, error) {
	return s.connections, nil
}
func (s staff) Administrators(context.Context, portal.ID) ([]int64, error) { return s.users, nil }

func TestAdministratorsAreToldOfARefusal(t *testing.T) {
	t.Parallel()
	sim, b24 := apptest.OpenPortal(t, apptest.NewClock().Now)
	const second = 55
	sim.AddUser(second, "Пётр", "Петров", true)
	refused := func(name string, kind docflow.System, secrets map[string]string) portal.Connection {
		return portal.Connection{Name: name, Kind: kind, State: portal.ConnectionRefused, Login: "a@b.ru", Secrets: secrets}
	}
	all := staff{users: []int64{1, second, 4444}, connections: []portal.Connection{refused("main", docflow.Realty, nil),
		refused("box", docflow.Diadoc, nil), refused("openid", docflow.Diadoc, map[string]string{"refreshToken": "r"}),
		{Name: "unpaid", Kind: docflow.Diadoc, State: portal.ConnectionRefused, Note: "Диадок: у организации нет подписки на API. Продлите её. (diadoc: GetNewEvents: 402)"}, {Name: "good", Kind: docflow.Realty}}}
	tell := func(s staff, name string) (lane.Result, error) {
		made := reaction.RefusedRow("p", name)
		n := reaction.Notices{Store: s, Bitrix: func(context.Context, portal.ID) (*bitrix.Client, error) { return b24, nil }}
		return n.Work(t.Context(), lane.Row{Lane: made.Lane, Kind: made.Kind, Body: made.Body})
	}
	for name, says := range map[string][]string{
		"main":   {"Контур.Реестро", "accountId", "подключение main", "после сохранения"},
		"box":    {"Контур.Диадок", "логин и пароль", "подключение box"},
		"openid": {"Контур.Диадок", "bridge connect diadoc"},
		"unpaid": {"нет подписки на API. Продлите её. До этого"},
	} {
		for range 2 { // the answer to the first try was lost
			result, err := tell(all, name)
			require.NoError(t, err)
			require.Equal(t, lane.Done, result.Verdict, result.Note)
			require.Contains(t, result.Note, "2", "the third is nobody")
		}
		var got []int
		for _, n := range sim.Notifications() {
			if strings.Contains(n.Message, "«"+name+"»") {
				got = append(got, n.UserID)
				require.Equal(t, "SYSTEM", n.Type)
				require.NotContains(t, n.Message, "a@b.ru")
				for _, text := range says {
					require.Contains(t, n.Message, text)
				}
			}
		}
		require.ElementsMatch(t, []int{1, second}, got, "each administrator once")
	}
	result, err := tell(all, "good")
	require.NoError(t, err)
	require.Contains(t, result.Note, "уже исправлено")
	all.users = []int64{4444}
	result, err = tell(all, "main")
	require.NoError(t, err)
	require.Equal(t, lane.Dead, result.Verdict, "the journal has what nobody was told")
	require.Contains(t, result.Note, "«main»")
	sim.FailNext("im.notify", 503, "QUERY_LIMIT_EXCEEDED", 1)
	all.users = []int64{1}
	_, err = tell(all, "main")
	require.Error(t, err, "it is told later")
}
