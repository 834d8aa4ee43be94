/** Checks of fault rules beyond the schema: parameters that fit the fault, and a match that is possible. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { findDuration, LONGEST_DURATION, parseDelay } from '../duration.js'
import { FAULT_CATALOGUE, type FaultName } from './catalogue.js'
import { checkMatch, type FaultOwner, type Suggest } from './check_match.js'
import type { FaultParameter } from './rows/row.js'
import type { FaultRule, Pruned } from './rules.js'

type Rule = Pruned<FaultRule>
/** A problem: its place below the rule, and whether the key or the value is wrong. */
type RuleFinding = readonly [place: readonly string[], message: string, at?: 'key']

/** A problem of a list of rules. */
export interface FaultFinding {
  readonly path: readonly string[]
  readonly at: 'key' | 'value'
  /** The end of a sentence that begins with the path. */
  readonly message: string
}

/** Longest delay in milliseconds. */
const LONGEST_DELAY = 3_600_000
const PARAMETERS: ReadonlySet<FaultParameter> = new Set(
  Object.values(FAULT_CATALOGUE).flatMap(({ takes = [] }) => takes),
)
/** RFC 9112 §6: headers about the length of the body, which the server sets. */
const FRAMING = ['content-length', 'transfer-encoding', 'trailer']
/** RFC 9110 §6.4.1: statuses of responses without a body. */
const WITHOUT_BODY = [204, 205, 304]

/**
 * Yields every problem of a list of rules. Parts that the schema refused are missing and are not reported again.
 * @param suggest finds the name that a misspelled name stands for.
 * @param owner user or client that the rules belong to.
 */
export function* checkFaults(
  path: readonly string[],
  rules: readonly (Rule | undefined)[] = [],
  suggest: Suggest,
  owner: FaultOwner = {},
): Iterable<FaultFinding> {
  const seen = new Map<string, number>()
  for (const [index, rule = {}] of rules.entries()) {
    for (const [place, message, at = 'value'] of checkRule(rule, owner, suggest)) {
      yield { path: [...path, String(index), ...place], at, message }
    }
    const text = isWhole(rule) ? canonical(rule) : undefined
    const earlier = text === undefined ? undefined : seen.get(text)
    if (earlier !== undefined) {
      const message = `is the same rule as ${earlier}, and both share one counter; remove one`
      yield { path: [...path, String(index)], at: 'value', message }
    } else if (text !== undefined) seen.set(text, index)
  }
}

function* checkRule(rule: Rule, owner: FaultOwner, suggest: Suggest): Iterable<RuleFinding> {
  const { fault } = rule
  if (fault !== undefined) {
    yield* checkParameters(fault, rule)
    yield* checkMatch(fault, rule.match ?? {}, owner, suggest)
  }
  if ('seed' in rule && !('probability' in rule)) {
    yield [['seed'], 'needs the key probability, which is missing', 'key']
  }
  yield* checkDelay(rule.delay)
  const { by } = rule
  if (by !== undefined && !findDuration(by)) {
    yield [['by'], `is "${by}", expected from 1 second to ${LONGEST_DURATION} seconds (100 years)`]
  }
  yield* checkResponse(rule)
}

function* checkParameters(fault: FaultName, rule: Rule): Iterable<RuleFinding> {
  const { takes = [], needs = [] } = FAULT_CATALOGUE[fault]
  const besides = Object.keys(rule).filter((name) => PARAMETERS.has(name as FaultParameter))
  for (const name of besides.filter((one) => !takes.some((taken) => taken === one))) {
    const taken = takes.length === 0 ? 'no parameters' : `only ${takes.join(', ')}`
    yield [[name], `is not a parameter of ${fault}, which takes ${taken}`, 'key']
  }
  for (const name of needs.filter((needed) => !(needed in rule)))
    yield [[], `lacks the key ${name}, which ${fault} needs`]
}

function* checkDelay(delay: Rule['delay']): Iterable<RuleFinding> {
  if (delay === undefined) return
  const { min, max } = typeof delay === 'object' ? delay : { min: undefined, max: delay }
  const place = (name: string) => (typeof delay === 'object' ? ['delay', name] : ['delay'])
  if (min !== undefined && parseDelay(min) > LONGEST_DELAY) yield [place('min'), `is ${min}, expected at most 1h`]
  if (max === undefined) return
  if (parseDelay(max) > LONGEST_DELAY) yield [place('max'), `is ${max}, expected at most 1h`]
  if (parseDelay(max) === 0) yield [place('max'), `is ${max}, expected more than 0`]
  if (min !== undefined && parseDelay(min) > parseDelay(max)) {
    yield [place('min'), `is ${min}, expected at most max, which is ${max}`]
  }
}

function* checkResponse({
  fault,
  status,
  headers = {},
  content_type,
  location,
  body,
  value,
}: Rule): Iterable<RuleFinding> {
  for (const [name, text] of Object.entries(headers)) {
    const place = ['headers', name]
    if (!isHeaderName(name)) yield [place, 'is not a header name (RFC 9110 section 5.1)', 'key']
    else if (FRAMING.includes(name.toLowerCase()))
      yield [place, 'is set by the server; http.truncate makes it wrong', 'key']
    if (text !== undefined) yield* checkHeaderValue(place, text)
  }
  if (content_type !== undefined) yield* checkHeaderValue(['content_type'], content_type)
  if (location !== undefined) yield* checkHeaderValue(['location'], location)
  if (fault === 'http.redirect' && status !== undefined && (status < 300 || status > 399)) {
    yield [['status'], `is ${status}, expected 300 to 399 for a redirect`]
  }
  if (body !== undefined && WITHOUT_BODY.includes(status ?? 0)) {
    yield [['body'], `cannot be sent with status ${status}, which has no body`, 'key']
  }
  if (fault?.endsWith('.error') && WITHOUT_BODY.includes(status ?? 0)) {
    yield [['status'], `is ${status}, expected a status with a body, which has the error`]
  }
  // RFC 9207 §2: iss is a parameter of a URL or a form.
  if (fault === 'authorize.wrong_iss' && value !== undefined && typeof value !== 'string') {
    yield [['value'], `is ${JSON.stringify(value)}, expected a text`]
  }
}

/** RFC 9110 §5.5: a header value has no line ends and control characters. */
function* checkHeaderValue(place: readonly string[], text: string): Iterable<RuleFinding> {
  if (!holds(() => validateHeaderValue(place.at(-1)!, text))) {
    yield [place, 'has characters that are not allowed in a header']
  }
}

/** RFC 9110 §5.1: a header name is a token. */
const isHeaderName = (name: string) => holds(() => validateHeaderName(name))

function holds(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** Returns whether the schema removed nothing. */
function isWhole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined
  return Object.values(value).every(isWhole)
}

/** Returns a text that is the same for values that differ only in the order of their members. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical)}]`
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
  return `{${members.sort()}}`
}
