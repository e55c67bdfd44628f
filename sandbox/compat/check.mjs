// Drives a running sandbox with the vendor's own SDK: what the SDK takes for granted about a portal must hold for the
// simulated one. One line a check; any failure ends the process with 1.
//
//   node check.mjs http://127.0.0.1:8081

import assert from 'node:assert/strict'
import { AjaxError, B24Hook, B24OAuth, RefreshTokenError } from '@bitrix24/b24jssdk'

const base = (process.argv[2] ?? '').replace(/\/$/, '')
if (!base) {
  console.error('usage: node check.mjs ADDRESS-OF-THE-SANDBOX')
  process.exit(2)
}

// The application that `bridge sandbox` registers; nothing is protected by its secret.
const clientId = 'local.5a9db0c0d1e2f3.10000001'
const clientSecret = 'sandbox-client-secret'
const deal = 2

async function json(path, body) {
  const answer = await fetch(base + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  const read = await answer.json()
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(read)}`)
  return read
}

const state = () => json('/control/bitrix/state')
const portal = (await state()).portals[0]
const press = (verb, body = {}) => json(`/control/bitrix/${portal.name}/${verb}`, body)
const stats = async () => (await state()).portals[0].stats

// quick keeps the SDK from slowing down before the portal asks for it.
const quick = (more = {}) => ({
  rateLimit: { burstLimit: 1000, drainRate: 1000, adaptiveEnabled: false },
  operatingLimit: { windowMs: 600000, limitMs: 480000, heavyPercent: 80 },
  adaptiveConfig: { enabled: false, thresholdPercent: 100, coefficient: 0.01, maxDelay: 1 },
  maxRetries: 3,
  retryDelay: 10,
  ...more
})

// open is the SDK with tokens of a page that user 1 opened; every client has a pair of its own.
async function open({ expiresIn = 3600, restrictions = {}, userId = 1 } = {}) {
  const { form } = await press('page', { clientId, userId })
  const field = name => form[name][0]
  return new B24OAuth({
    applicationToken: field('APPLICATION_TOKEN'),
    userId,
    memberId: field('member_id'),
    accessToken: field('AUTH_ID'),
    refreshToken: field('REFRESH_ID'),
    expires: Math.floor(Date.now() / 1000) + expiresIn,
    expiresIn: 3600,
    scope: field('APPLICATION_SCOPE'),
    domain: new URL(portal.endpoint).host,
    clientEndpoint: portal.endpoint,
    serverEndpoint: field('SERVER_ENDPOINT'),
    status: field('status')
  }, { clientId, clientSecret }, { restrictionParams: quick(restrictions) })
}

// hook is the SDK with an inbound webhook. It speaks HTTPS to webhooks and nothing else, and the sandbox has none: the
// scheme is put right on the way.
async function hook(...scopes) {
  const { url } = await press('inbound', { userId: 1, scopes })
  const [userId, secret] = url.slice(portal.endpoint.length).split('/')
  const b24 = new B24Hook(
    { b24Url: portal.endpoint.replace(/\/rest\/$/, ''), userId: Number(userId), secret },
    { restrictionParams: quick() }
  )
  for (const version of ['v2', 'v3']) {
    b24.getHttpClient(version).ajaxClient.interceptors.request.use((request) => {
      request.url = request.url.replace(/^https:/, 'http:')
      return request
    })
  }
  return b24
}

const call = async (b24, method, params = {}) => {
  const answer = await b24.actions.v2.call.make({ method, params })
  assert.ok(answer.isSuccess, answer.getErrorMessages().join('; '))
  return answer.getData().result
}

// refused is the error of a call that must fail; the SDK throws some codes and returns others.
async function refused(b24, method, params = {}) {
  try {
    const answer = await b24.actions.v2.call.make({ method, params })
    assert.ok(!answer.isSuccess, `${method} passed`)
    return [...answer.getErrors()][0]
  } catch (error) {
    assert.ok(error instanceof AjaxError, String(error))
    return error
  }
}

const rows = async (pages) => {
  const all = []
  for await (const page of pages) all.push(...page)
  return all
}

const checks = {
  'a token of a page opening calls methods': async () => {
    const b24 = await open()
    const profile = await call(b24, 'profile')
    assert.equal(profile.ID, '1')
    await b24.initIsAdmin()
    assert.equal(b24.auth.isAdmin, true)
  },

  'an expired token is refreshed once, and the call repeated': async () => {
    const b24 = await open()
    const pairs = []
    b24.setCallbackRefreshAuth(async ({ b24OAuthParams }) => { pairs.push({ ...b24OAuthParams }) })
    const before = (await state()).tokenRefreshes
    await press('levers/expire')
    assert.equal((await call(b24, 'user.current')).ID, '1')
    assert.equal((await state()).tokenRefreshes, before + 1)
    assert.equal(pairs.length, 1)
    assert.equal(pairs[0].clientEndpoint, portal.endpoint)
    assert.equal(pairs[0].expiresIn, 3600)
    await call(b24, 'profile')
    assert.equal((await state()).tokenRefreshes, before + 1, 'the new token is used')
  },

  'a burst of calls that all meet an expired token passes': async () => {
    const b24 = await open()
    await press('levers/expire')
    await Promise.all(Array.from({ length: 8 }, () => call(b24, 'profile')))
  },

  'a token that is old by the clock is refreshed once before a burst of calls': async () => {
    const b24 = await open({ expiresIn: -10 })
    const before = { ...await stats(), refreshes: (await state()).tokenRefreshes }
    await Promise.all(Array.from({ length: 8 }, () => call(b24, 'profile')))
    assert.equal((await state()).tokenRefreshes, before.refreshes + 1)
    assert.equal((await stats()).requests, before.requests + 8, 'no call with the old token')
  },

  'a used refresh token is refused': async () => {
    const b24 = await open({ expiresIn: -10 })
    const { form } = await press('page', { clientId, userId: 1 })
    const used = form.REFRESH_ID[0]
    const exchange = () => fetch(`${base}/oauth/token/`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: used })
    })
    assert.equal((await exchange()).status, 200)
    const again = await exchange()
    assert.equal((await again.json()).error, 'invalid_grant')
    await press('levers/failtoken', { status: 400, code: 'invalid_grant' })
    await assert.rejects(b24.auth.refreshAuth(), error => error instanceof RefreshTokenError && error.code === 'invalid_grant')
  },

  'a dismissed user: the call fails, and no refresh is tried': async () => {
    const b24 = await open({ userId: 2 })
    const before = (await state()).tokenRefreshes
    await press('levers/dismiss', { userId: 2 })
    const error = await refused(b24, 'profile')
    await press('levers/restore', { userId: 2 })
    assert.deepEqual([error.code, error.status], ['authorization_error', 401])
    assert.equal((await state()).tokenRefreshes, before)
  },

  'cards are added, read, changed and deleted': async () => {
    const b24 = await open()
    const { item } = await call(b24, 'crm.item.add', { entityTypeId: deal, fields: { title: 'Проверка SDK', opportunity: 10.5 } })
    assert.equal(typeof item.id, 'number')
    const changed = await call(b24, 'crm.item.update', { entityTypeId: deal, id: item.id, fields: { stageId: 'PREPARATION' } })
    assert.equal(changed.item.stageId, 'PREPARATION')
    const old = await call(b24, 'crm.deal.get', { id: item.id })
    assert.deepEqual([old.ID, old.OPPORTUNITY, old.STAGE_ID], [String(item.id), '10.50', 'PREPARATION'])
    const history = await call(b24, 'crm.stagehistory.list', { entityTypeId: deal, filter: { OWNER_ID: item.id } })
    assert.deepEqual(history.items.map(row => row.TYPE_ID), [1, 2])
    assert.deepEqual(await call(b24, 'crm.item.delete', { entityTypeId: deal, id: item.id }), [])
  },

  'Cyrillic, quotes and line breaks survive': async () => {
    const b24 = await open()
    const title = 'ООО «Ромашка» & "Ко"\nстрока\u00a0два + 100%'
    const { item } = await call(b24, 'crm.item.add', { entityTypeId: deal, fields: { title } })
    assert.equal(item.title, title)
    const answer = await b24.actions.v2.batch.make({
      calls: { one: { method: 'crm.item.update', params: { entityTypeId: deal, id: item.id, fields: { title: title + '!' } } } }
    })
    assert.equal(answer.getData().one.item.title, title + '!')
  },

  'lists are walked by callList and fetchList, in both families': async () => {
    const b24 = await open()
    const mark = `walk ${Date.now()}`
    const calls = Array.from({ length: 120 }, () => ['crm.item.add', { entityTypeId: deal, fields: { title: mark } }])
    const made = await b24.actions.v2.batchByChunk.make({ calls, options: { isHaltOnError: true } })
    assert.ok(made.isSuccess, made.getErrorMessages().join('; '))
    assert.equal(made.getData().length, 120)
    const items = { method: 'crm.item.list', params: { entityTypeId: deal, filter: { '=title': mark } }, idKey: 'id', customKeyForResult: 'items' }
    const listed = await b24.actions.v2.callList.make(items)
    assert.equal(new Set(listed.getData().map(row => row.id)).size, 120)
    assert.equal((await rows(b24.actions.v2.fetchList.make(items))).length, 120)
    const deals = { method: 'crm.deal.list', params: { filter: { '=TITLE': mark }, select: ['ID'] }, idKey: 'ID' }
    assert.equal((await b24.actions.v2.callList.make(deals)).getData().length, 120)
    assert.equal((await rows(b24.actions.v2.fetchList.make(deals))).length, 120)
    const page = await b24.actions.v2.call.make({ method: 'crm.item.list', params: { entityTypeId: deal, filter: { '=title': mark }, start: 50 } })
    assert.deepEqual([page.getTotal(), page.isMore(), page.getData().result.items.length], [120, true, 50])
  },

  'a batch by names fills its references': async () => {
    const b24 = await open()
    const answer = await b24.actions.v2.batch.make({
      calls: {
        made: { method: 'crm.item.add', params: { entityTypeId: deal, fields: { title: 'batch' } } },
        read: { method: 'crm.item.get', params: { entityTypeId: deal, id: '$result[made][item][id]' } }
      }
    })
    assert.ok(answer.isSuccess, answer.getErrorMessages().join('; '))
    const { made, read } = answer.getData()
    assert.equal(read.item.id, made.item.id)
  },

  'a batch as a list answers a list, in its order': async () => {
    const b24 = await open()
    const answer = await b24.actions.v2.batch.make({ calls: [['profile', {}], ['user.admin', {}], ['crm.type.list', {}]] })
    const [profile, admin, types] = answer.getData()
    assert.deepEqual([profile.ID, admin, Array.isArray(types.types)], ['1', true, true])
  },

  'a failed command of a batch is told by its name, the others pass': async () => {
    const b24 = await open()
    const answer = await b24.actions.v2.batch.make({
      calls: { bad: { method: 'crm.item.get', params: { entityTypeId: deal, id: 1 } }, good: { method: 'profile' } },
      options: { isHaltOnError: false, returnAjaxResult: true }
    })
    const { bad, good } = answer.getData()
    assert.equal(bad.isSuccess, false)
    assert.equal([...bad.getErrors()][0].code, 'NOT_FOUND')
    assert.equal(good.getData().result.ID, '1')
  },

  'halt stops a batch at the first failure': async () => {
    const b24 = await open()
    const before = await stats()
    const answer = await b24.actions.v2.batch.make({
      calls: { bad: { method: 'crm.item.get', params: { entityTypeId: deal, id: 1 } }, late: { method: 'user.admin' } },
      options: { isHaltOnError: true }
    })
    assert.equal(answer.isSuccess, false)
    const after = await stats()
    assert.equal(after.commands['user.admin'] ?? 0, before.commands['user.admin'] ?? 0)
  },

  'a list within a batch keeps its total and next': async () => {
    const b24 = await open()
    const answer = await b24.actions.v2.batch.make({
      calls: { list: { method: 'crm.item.list', params: { entityTypeId: deal } } },
      options: { returnAjaxResult: true }
    })
    const list = answer.getData().list
    assert.ok(list.getTotal() > 100)
    assert.equal(list.isMore(), true)
  },

  'errors come with the code and the status that the SDK branches on': async () => {
    const b24 = await open()
    for (const [method, params, code, status] of [
      ['no.such.method', {}, 'ERROR_METHOD_NOT_FOUND', 404],
      ['entity.get', {}, 'insufficient_scope', 403],
      ['crm.item.get', { entityTypeId: deal, id: 1 }, 'NOT_FOUND', 400],
      ['crm.item.get', { entityTypeId: deal }, '100', 400],
      ['crm.item.list', { entityTypeId: deal, filter: { noSuchField: 1 } }, 'INVALID_ARG_VALUE', 400],
      ['bizproc.robot.delete', { CODE: 'none' }, 'ERROR_ACTIVITY_NOT_FOUND', 400],
      ['event.bind', { event: 'ONNOTHING', handler: 'https://bridge.example/' }, 'ERROR_EVENT_NOT_FOUND', 400]
    ]) {
      const error = await refused(b24, method, params)
      assert.deepEqual([String(error.code), error.status], [code, status], method)
    }
  },

  'an inbound webhook works, and is refused where an application is needed': async () => {
    const b24 = await hook('crm', 'bizproc', 'placement')
    assert.equal((await call(b24, 'profile')).ID, '1')
    assert.equal((await refused(b24, 'placement.get')).code, 'WRONG_AUTH_TYPE')
    assert.equal((await refused(b24, 'bizproc.robot.list')).code, 'ACCESS_DENIED')
  },

  'one QUERY_LIMIT_EXCEEDED is waited out': async () => {
    const b24 = await open()
    await press('levers/fail', { method: 'profile', status: 503, code: 'QUERY_LIMIT_EXCEEDED' })
    assert.equal((await call(b24, 'profile')).ID, '1')
    assert.equal(b24.getHttpClient('v2').getStats().retries, 1)
  },

  'a full bucket lets the SDK back in when it has leaked': async () => {
    const b24 = await open()
    await press('levers/fillbucket')
    try {
      assert.equal((await call(b24, 'profile')).ID, '1')
      assert.ok(b24.getHttpClient('v2').getStats().limitHits >= 1)
    } finally {
      await press('levers/limit', { on: false })
    }
  },

  'the SDK at its default pace never fills the bucket': async () => {
    const b24 = await open({ restrictions: { rateLimit: { burstLimit: 50, drainRate: 2, adaptiveEnabled: true } } })
    await press('levers/limit', { on: true })
    try {
      const before = await stats()
      await Promise.all(Array.from({ length: 45 }, () => call(b24, 'user.admin')))
      const after = await stats()
      assert.equal(after.errors.QUERY_LIMIT_EXCEEDED ?? 0, before.errors.QUERY_LIMIT_EXCEEDED ?? 0)
    } finally {
      await press('levers/limit', { on: false })
    }
  },

  'a spent method is told by 429, and its operating time by every answer': async () => {
    const b24 = await open({ restrictions: { maxRetries: 1 } })
    await call(b24, 'crm.deal.fields')
    assert.ok(b24.getHttpClient('v2').getStats().operatingStats['crm.deal.fields'] > 0)
    await press('levers/block', { method: 'crm.lead.fields', milliseconds: 60000 })
    const error = await refused(b24, 'crm.lead.fields')
    await press('levers/block', { method: 'crm.lead.fields' })
    assert.deepEqual([error.code, error.status], ['OPERATION_TIME_LIMIT', 429])
  },

  'a proxy page is retried, a lost connection too': async () => {
    const b24 = await open()
    await press('levers/fail', { method: 'profile', status: 502 })
    assert.equal((await call(b24, 'profile')).ID, '1')
    await press('levers/lose', { method: 'profile' })
    assert.equal((await call(b24, 'profile')).ID, '1')
  },

  'events, widgets, robots and triggers are registered through the SDK': async () => {
    const b24 = await open()
    const { result: { install } } = await json(`/rest/app.info?auth=${b24.auth.getAuthData().access_token}`)
    assert.equal(install.member_id, portal.memberId)
    const handler = 'https://elsewhere.example/handler'
    await press('finish', { clientId }) // nothing is gathered for an application whose installation is not finished
    assert.equal(await call(b24, 'event.bind', { event: 'ONCRMDEALADD', event_type: 'offline' }), true)
    assert.equal(await call(b24, 'placement.bind', { PLACEMENT: 'CRM_DEAL_DETAIL_TAB', HANDLER: handler, TITLE: 'SDK' }), true)
    assert.equal(await call(b24, 'crm.automation.trigger.add', { CODE: 'sdk', NAME: 'SDK' }), true)
    await call(b24, 'crm.item.add', { entityTypeId: deal, fields: { title: 'offline' } })
    const reserved = await call(b24, 'event.offline.get', { clear: 0 })
    assert.equal(reserved.events.length, 1)
    assert.equal(await call(b24, 'event.offline.clear', { process_id: reserved.process_id }), true)
    const error = await refused(b24, 'bizproc.robot.add', { CODE: 'sdk', HANDLER: handler, NAME: 'SDK' })
    assert.equal(error.code, 'ERROR_HANDLER_URL_MATCH', 'robots stay on the host of the application')
    assert.deepEqual(await call(b24, 'placement.unbind', { PLACEMENT: 'CRM_DEAL_DETAIL_TAB' }), { count: 2 })
    assert.deepEqual(await call(b24, 'event.unbind', { event: 'ONCRMDEALADD', event_type: 'offline' }), { count: 1 })
  },

  'REST 3.0: calls, lists, batches and errors': async () => {
    const b24 = await hook('tasks')
    const task = n => ({ title: `Задача ${n}`, creatorId: 1, responsibleId: 1 })
    const made = await b24.actions.v3.batch.make({
      calls: Array.from({ length: 50 }, (_, n) => ['tasks.task.add', { fields: task(n) }])
    })
    assert.ok(made.isSuccess, made.getErrorMessages().join('; '))
    const last = await b24.actions.v3.call.make({ method: 'tasks.task.add', params: { fields: task(50) } })
    const id = last.getData().result.item.id
    const listed = await b24.actions.v3.callList.make({ method: 'tasks.task.list', params: { select: ['id', 'title'] }, customKeyForResult: 'items' })
    assert.equal(listed.getData().length, 51)
    const error = await b24.actions.v3.call.make({ method: 'tasks.task.get', params: { id: id + 1 } })
    assert.equal([...error.getErrors()][0].code, 'BITRIX_REST_V3_EXCEPTION_ENTITYNOTFOUNDEXCEPTION')
  },

  'the SDK finds the portal healthy': async () => {
    const b24 = await open()
    assert.equal(await b24.tools.healthCheck.make(), true)
    assert.ok(await b24.tools.ping.make() >= 0)
  }
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  try {
    await check()
    console.log(`ok      ${name}`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}\n        ${String(error?.stack ?? error).replaceAll('\n', '\n        ')}`)
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
