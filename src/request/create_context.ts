/** Creates the context of a request: the issuer it is for, and the URLs of that issuer. */
import type { FastifyRequest } from 'fastify'
import { identifierOf, rootOf } from '../config/issuer_identifier.js'
import type { Snapshot } from '../config/snapshot.js'
import type { Context } from '../context.js'
import { notFound } from '../errors.js'
import type { Facts } from '../faults/rules.js'
import type { Issuer } from '../issuer/issuers.js'
import { createKeys } from '../issuer/keys.js'
import type { Remark } from '../journal/entry.js'
import type { Outbound } from '../outbound.js'
import { isIssuerName } from '../routes.js'
import { readOnce } from '../store/read_once.js'
import { createLog } from './log.js'
import { readBasePath, readRequestUrl } from './origin.js'
import { type Described, describeFrame } from './page_frame.js'
import { describeRequest } from './refusal.js'
import { isolatedName } from './routed_url.js'

/** The parts of the process that a context needs. */
interface Process extends Pick<Described, 'health'> {
  current(): Snapshot
  findIssuer(name: string | undefined): Issuer
  readonly outbound: Outbound
}

/** Creates the context of a request with the snapshot in force. */
export async function createContext(
  provider: Process,
  access: Pick<Described, 'mayAdminister'>,
  request: FastifyRequest,
): Promise<Context> {
  const name = isolatedName(request)
  if (name !== undefined && !isIssuerName(name)) throw notFound(describeRequest(request))
  const snapshot = provider.current()
  const fixed = snapshot.config
  const prefix = readBasePath(snapshot, request)
  const request_url = readRequestUrl(snapshot, request)
  const own_path = name === undefined ? '' : `/issuers/${name}`
  const root = rootOf(snapshot, request_url)
  const below = (url: string) => url.replace(/\/+$/, '') + own_path
  const { store, clock, faults, key_cache, new_keys, journal } = provider.findIssuer(name)
  const { now } = await clock.status()
  const view = readOnce(store)
  const own_keys = name !== undefined && fixed.isolated_keys
  const about = createExchange(name)
  const log = createLog(request.log, about.exchange)
  // An accepted deviation is not a warning, so programs that log only warnings stay quiet.
  const logNews = async ({ event, message, details }: Remark) => {
    if (await journal.isNews({ event, message })) log.info({ event, ...details }, message)
  }
  const base_path = prefix + own_path
  return {
    issuer: identifierOf(snapshot, request_url, own_path),
    public_url: below(fixed.public_url ?? root),
    internal_url: below(fixed.internal_url ?? root),
    request_url,
    base_path,
    own_path,
    snapshot,
    store: view,
    clock,
    now,
    faults,
    journal,
    outbound: provider.outbound,
    frame: () => describeFrame({ ...provider, ...access }, request, snapshot, base_path),
    log,
    ...about,
    keys: createKeys({ store: view, snapshot, journal, now, cache: key_cache, new_keys, own_keys }),
    remark: (event, message, details = {}) => {
      about.exchange.remarks.push({ event, message, details })
      if (event !== 'decision') void logNews({ event, message, details })
    },
  }
}

/** Creates the facts about a request, at first only the name of its issuer. */
export function createExchange(issuer = 'default'): Pick<Context, 'exchange' | 'addFacts'> {
  const facts: Facts = { issuer }
  const remarks: Remark[] = []
  const exchange: Context['exchange'] = {
    facts,
    flow_id: undefined,
    login_faults: [],
    applied: [],
    announced: new Set(),
    remarks,
  }
  return {
    exchange,
    addFacts: ({ flow_id, ...more }) => {
      exchange.flow_id = flow_id ?? exchange.flow_id
      exchange.facts = { ...exchange.facts, ...more }
    },
  }
}
