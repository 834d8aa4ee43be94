/** Describes a fault that happens in one line of the log: the fault, its parameters, its rule, and the request. */
import { shownUrl } from '../errors.js'
import { FAULT_CATALOGUE } from './catalogue.js'
import type { FaultParameter } from './rows/row.js'
import type { Facts, FaultRule, FaultSource } from './rules.js'

/** The origin of a rule. */
export interface RuleOrigin {
  readonly source: FaultSource
  /** The `sub`, `client_id` or `flow_id` that the rule belongs to; for a rule of run time its id. */
  readonly owner: string
  /** Position in its list, from 1; for a rule of run time its id. */
  readonly number: string
  /** Place in a file, such as `config.yaml:14`. */
  readonly place: string | undefined
}

/** Parameters that are too long for a line, or that can be secrets. */
const NOT_SHOWN: readonly FaultParameter[] = ['headers', 'body', 'error_description', 'jwt_only']

const LONGEST_NAME = 100
const LONGEST_LINE = 500

/** Returns a line such as `fault http.status 503 (rule 2, config.yaml:14) token my-app`. */
export function describeFiring(rule: FaultRule, origin: RuleOrigin, { endpoint, client_id }: Facts): string {
  const { takes = [] } = FAULT_CATALOGUE[rule.fault]
  const values = takes.filter((name) => !NOT_SHOWN.includes(name)).map((name) => describeValue(rule[name]))
  const parts = ['fault', rule.fault, ...values, `(${describeOrigin(origin)})`, endpoint, cut(client_id)]
  const line = parts.filter((part) => part !== undefined).join(' ')
  return line.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_LINE)
}

function describeValue(value: FaultRule[FaultParameter]): string | undefined {
  if (typeof value === 'string') return cut(shownUrl(value))
  return value === undefined ? undefined : cut(JSON.stringify(value))
}

const OWNERS: Readonly<Record<FaultSource, (origin: RuleOrigin) => readonly (string | undefined)[]>> = {
  login: () => ['login page'],
  runtime: ({ number }) => [`rule ${number}`, 'admin API'],
  user: ({ owner, number, place = 'admin API' }) => [`rule ${number} of user ${cut(owner)}`, place],
  client: ({ owner, number, place = 'admin API' }) => [`rule ${number} of client ${cut(owner)}`, place],
  config: ({ number, place }) => [`rule ${number}`, place],
}

const describeOrigin = (origin: RuleOrigin) => OWNERS[origin.source](origin).join(', ')

const cut = (text: string | undefined) =>
  text !== undefined && text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}...` : text
