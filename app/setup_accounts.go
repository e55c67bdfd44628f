package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/page"
	"konturbridge/app/page/setup"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty"
)

// deskAccounts asks the services about a portal's accounts.
type deskAccounts struct {
	deskSettings
	now func() time.Time
}

var _ setup.Accounts = deskAccounts{}

// States implements setup.Accounts.
func (d deskAccounts) States(ctx context.Context, id string) (map[string]string, error) {
	conns, err := d.a.store.Connections(ctx, portal.ID(id))
	states := map[string]string{}
	for _, c := range conns {
		if c.State == portal.ConnectionRefused {
			states[c.Name] = c.Note
			if c.Note == "" {
				states[c.Name] = "Сервис не принимает логин или пароль."
			}
		}
	}
	return states, err
}

// Check implements setup.Accounts. It goes through the same session as the work does: a password that was refused
// is not tried again until it is saved again, so that no check locks an account.
func (d deskAccounts) Check(ctx context.Context, id, name string) (setup.Checked, error) {
	conns, err := d.a.store.Connections(ctx, portal.ID(id))
	if err != nil {
		return setup.Checked{}, err
	}
	for _, c := range conns {
		if c.Name != name {
			continue
		}
		if c.Kind == docflow.Diadoc {
			return d.checkBox(ctx, c), nil
		}
		_, err := d.a.clients.Realty(c).News(ctx, "") // gives a position and no news
		return told("Контур.Реестро", err, "Вход выполнен, лента новостей читается.", "Logged in, and the news can be read."), nil
	}
	return setup.Checked{}, page.NotFound()
}

func (d deskAccounts) checkBox(ctx context.Context, c portal.Connection) setup.Checked {
	client, err := d.a.clients.Diadoc(c)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return setup.Checked{RU: refusal.CRMText, EN: refusal.TextEN}
	}
	var box string
	if err == nil {
		box, err = seenBox(ctx, client, diadoc.BoxID(c.AccountID))
	}
	return told("Контур.Диадок", err, "Вход выполнен, ящик доступен: "+box+".", "Logged in, the box is there: "+box+".")
}

// told says in words what a service answered.
func told(service string, err error, ru, en string) setup.Checked {
	unseen, isUnseen := errors.AsType[*UnseenBoxError](err)
	class := upstream.ClassOf(err)
	switch {
	case err == nil:
		return setup.Checked{OK: true, RU: ru, EN: en}
	case isUnseen && len(unseen.Seen) == 0:
		return setup.Checked{RU: "Вход выполнен, но этому пользователю не доступен ни один ящик.", EN: "Logged in, but this user sees no box at all."}
	case isUnseen:
		list := strings.Join(unseen.Seen, ", ")
		return setup.Checked{RU: "Вход выполнен, но ящик не найден. Доступны: " + list + ".", EN: "Logged in, but the box is not among: " + list + "."}
	case errors.Is(err, realty.ErrLoginRefused), errors.Is(err, oauth.ErrLoginRefused), errors.Is(err, diadoc.ErrLoginRefused):
		return setup.Checked{RU: service + " не принимает логин, пароль или идентификатор организации. Исправьте их и сохраните: до этого мост не пробует снова, чтобы не заблокировать учётную запись.",
			EN: service + " does not accept the login, the password or the organization's id. Correct and save them: until then the bridge does not try again, lest the account be locked."}
	case errors.Is(err, diadoc.ErrGrantRefused), errors.Is(err, oauth.ErrGrantDead):
		return setup.Checked{RU: "Вход через Контур больше не действует. Войдите ещё раз.", EN: "The login at Kontur is no longer good. Log in again."}
	case errors.Is(err, realty.ErrNoAccess):
		return setup.Checked{RU: "Вход выполнен, но доступа к организации нет: проверьте accountId или тариф в Контуре.", EN: "Logged in, but there is no access to the organization: check accountId or the plan at Kontur."}
	case class == upstream.Retry, class == upstream.Wait:
		return setup.Checked{RU: service + " сейчас не отвечает. Это не значит, что пароль неверен: повторите проверку через минуту.", EN: service + " does not answer now. The password need not be wrong: check again in a minute."}
	}
	return setup.Checked{RU: service + " ответил отказом: " + err.Error(), EN: service + " refused: " + err.Error()}
}

// pendingLogin is a login that somebody is about to make in a browser. It waits in the cache, sealed: what it loses
// costs a person another press.
type pendingLogin struct {
	Name, Box string
	Device    diadoc.DeviceCode
	Secret    string // of the device; DeviceCode's own prints as ***
	Next      time.Time
	Done      bool
	Failed    bool
	RU, EN    string
}

func loginKey(id, login string) string { return "diadoc-login/" + id + "/" + login }

// Begin implements setup.Accounts.
func (d deskAccounts) Begin(ctx context.Context, id string, _ setup.By, name, box string) (string, error) {
	conn, err := PlanDiadoc(ctx, d.a.store, DiadocWanted{Portal: portal.ID(id), Connection: name, Box: box})
	if err != nil {
		return "", d.changed(ctx, loginProblem(err))
	}
	identity, err := DiadocIdentity(d.a.cfg, d.a.clients.up, conn)
	if err != nil {
		return "", loginProblem(err)
	}
	device, err := StartDiadocLogin(ctx, identity, d.a.cfg.DiadocURL)
	if err != nil {
		return "", loginProblem(err)
	}
	login := uuid.NewString()
	return login, d.keepLogin(ctx, id, login, pendingLogin{Name: name, Box: box, Device: device, Secret: string(device.Code), Next: d.now().Add(device.Interval)})
}

// loginProblem says what a login needs that it hasn't.
func loginProblem(err error) error {
	switch {
	case errors.Is(err, ErrNoClientKeys):
		return &page.Problem{Status: http.StatusUnprocessableEntity, Cause: err, EN: "There are no OpenID keys: " + err.Error() + ".",
			RU: "Нет ключей OpenID: администратор сервера задаёт BRIDGE_DIADOC_CLIENT_ID и BRIDGE_DIADOC_CLIENT_SECRET, либо впишите свои clientId и clientSecret в подключение."}
	case errors.Is(err, ErrNoConnection):
		return &page.Problem{Cause: err, RU: "Укажите ящик (boxId) нового подключения.", EN: "Give the box (boxId) of the new connection."}
	case errors.Is(err, diadoc.ErrLoginRefused):
		return &page.Problem{Cause: err, RU: "Контур не принимает clientId и clientSecret моста. Проверьте их.", EN: "Kontur does not accept the client id and its secret. Check them."}
	}
	if class := upstream.ClassOf(err); class == upstream.Retry || class == upstream.Wait {
		return &page.Problem{Status: http.StatusServiceUnavailable, Cause: err, RU: "Сервер входа Контура не отвечает. Повторите через минуту.", EN: "Kontur's login server does not answer. Try again in a minute."}
	}
	return err
}

func (d deskAccounts) keepLogin(ctx context.Context, id, login string, p pendingLogin) error {
	plain, err := json.Marshal(p)
	if err != nil {
		return err
	}
	key := loginKey(id, login)
	life := max(time.Minute, p.Device.Expires.Sub(d.now())+time.Minute)
	if err := d.a.cache.Set(ctx, key, d.a.sealer.Seal(plain, key), life); err != nil {
		return fmt.Errorf("keep a login: %w", err)
	}
	return nil
}

func (d deskAccounts) pendingLogin(ctx context.Context, id, login string) (pendingLogin, error) {
	var p pendingLogin
	key := loginKey(id, login)
	sealed, found, err := d.a.cache.Get(ctx, key)
	if err != nil || !found {
		return p, errors.Join(err, &page.Problem{Status: http.StatusNotFound, RU: "Этот вход закончился. Начните заново.", EN: "This login is over. Begin again."})
	}
	plain, err := d.a.sealer.Open(sealed, key)
	if err != nil {
		return p, fmt.Errorf("open a login: %w", err)
	}
	err = json.Unmarshal(plain, &p)
	p.Device.Code = diadoc.Secret(p.Secret)
	return p, err
}

// Login implements setup.Accounts. One asks at a time, and no oftener than the provider wants: the answer with the
// tokens comes once.
func (d deskAccounts) Login(ctx context.Context, id string, by setup.By, login string) (setup.Login, error) {
	unlock, err := d.a.cache.Lock(ctx, loginKey(id, login)+"/lock", time.Minute)
	if err != nil {
		return setup.Login{}, fmt.Errorf("ask for a login: %w", err)
	}
	defer unlock()
	p, err := d.pendingLogin(ctx, id, login)
	if err != nil {
		return setup.Login{}, err
	}
	if !p.Done && !p.Failed && !d.now().Before(p.Next) {
		d.poll(ctx, id, by, &p)
		if err := d.keepLogin(ctx, id, login, p); err != nil {
			return setup.Login{}, err
		}
	}
	return setup.Login{Address: p.Device.VerificationURI, Code: p.Device.UserCode, Until: p.Device.Expires, Every: p.Device.Interval,
		Done: p.Done, Failed: p.Failed, RU: p.RU, EN: p.EN}, nil
}

// poll asks whether somebody has logged in. What is passing is asked again; should the tokens have been in a lost
// answer, the next one says that the code is used.
func (d deskAccounts) poll(ctx context.Context, id string, by setup.By, p *pendingLogin) {
	fail := func(ru, en string) { p.Failed, p.RU, p.EN = true, ru, en }
	wanted := DiadocWanted{Portal: portal.ID(id), Connection: p.Name, Box: p.Box}
	conn, err := PlanDiadoc(ctx, d.a.store, wanted)
	if err != nil {
		fail("Подключение изменили, пока шёл вход. Начните заново.", "The connection was changed meanwhile. Begin again.")
		return
	}
	identity, err := DiadocIdentity(d.a.cfg, d.a.clients.up, conn)
	if err != nil {
		fail("Ключи OpenID убрали, пока шёл вход.", "The OpenID keys were taken away meanwhile.")
		return
	}
	tokens, err := identity.PollDevice(ctx, p.Device)
	class := upstream.ClassOf(err)
	switch {
	case err == nil:
		d.connect(ctx, id, by, wanted, conn, tokens, p)
	case errors.Is(err, diadoc.ErrNotReady), class == upstream.Retry, class == upstream.Wait:
		p.Next = d.now().Add(p.Device.Interval)
		if at := upstream.RetryAt(err); at.After(p.Next) {
			p.Next = at
		}
		if d.now().After(p.Device.Expires) {
			fail("Никто не подтвердил код вовремя. Начните заново.", "Nobody has confirmed the code in time. Begin again.")
		}
	default:
		fail("Вход отклонён или код истёк. Начните заново.", "The login was refused, or the code is over. Begin again.")
	}
}

// connect stores what a login has brought.
func (d deskAccounts) connect(ctx context.Context, id string, by setup.By, wanted DiadocWanted, conn settings.Connection, tokens diadoc.Tokens, p *pendingLogin) {
	box, err := GrantedBox(ctx, d.a.clients.up, d.a.cfg.DiadocURL, tokens, diadoc.BoxID(conn.BoxID))
	if err == nil {
		editor := d.editor(ctx, id, by, store.CauseConnect)
		editor.Read = store.AnyVersion
		err = d.changed(ctx, ConnectDiadoc(ctx, d.a.store, wanted, config.Secret(tokens.Refresh), editor))
	}
	switch said := told("Контур.Диадок", err, "", ""); {
	case err == nil:
		p.Done, p.RU, p.EN = true, "Подключено: "+box+".", "Connected: "+box+"."
	case errors.Is(err, ErrNoRefresh):
		p.Failed, p.RU, p.EN = true, "Контур не выдал токен для долгой работы: попросите менеджера Контура разрешить offline_access для clientId моста.", err.Error()
	default:
		p.Failed, p.RU, p.EN = true, said.RU+" Ничего не сохранено.", said.EN+" Nothing was stored."
	}
}
