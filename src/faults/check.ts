/** What a schema can't say about rules of faults: whether the parts of each fit its fault, and whether it can ever match. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Complaint } from '../config/errors.js'
import type { Pruned } from '../config/schema.js'
import { parseDelay } from '../duration.js'
import type { Fault } from '../generated/types.js'
import { FAULT_CATALOGUE } from './catalogue.js'
import { checkMatch, type FaultOwner } from './check_match.js'
import type { FaultName, FaultParameter } from './row.js'

type Rule = Pruned<Fault>
/** What is wrong: the place below the rule, and whether its key or its value is meant. */
export type Finding = readonly [place: readonly string[], message: string, at?: 'key']

/** The longest wait, in milliseconds. */
const LONGEST_DELAY = 3_600_000
const PARAMETERS: ReadonlySet<FaultParameter> = new Set(
  Object.values(FAULT_CATALOGUE).flatMap(({ takes = [] }) => takes),
)
/** RFC 9112 §6: how long an answer is, is for the server to say. */
const FRAMING = ['content-length', 'transfer-encoding', 'trailer']
/** RFC 9110 §6.4.1: answers that have no body. */
const WITHOUT_BODY = [204, 205, 304]

/**
 * Everything that doesn't fit. What the schema refused is missing, and nothing is said about it.
 * @param owner whose rules they are; left out, nobody's.
 */
export function* checkFaults(
  path: readonly string[],
  rules: readonly (Rule | undefined)[] = [],
  owner: FaultOwner = {},
): Iterable<Complaint> {
  const seen = new Map<string, number>()
  for (const [index, rule = {}] of rules.entries()) {
    for (const [place, message, at = 'value'] of checkRule(rule, owner)) {
      yield { path: [...path, String(index), ...place], at, message }
    }
    const text = isWhole(rule) ? canonical(rule) : undefined
    const earlier = text === undefined ? undefined : seen.get(text)
    if (earlier !== undefined) {
      const message = `is the same rule as ${earlier}, which counts for both; leave one out`
      yield { path: [...path, String(index)], at: 'value', message }
    } else if (text !== undefined) seen.set(text, index)
  }
}

function* checkRule(rule: Rule, owner: FaultOwner): Iterable<Finding> {
  const { fault } = rule
  if (fault !== undefined) {
    yield* checkParameters(fault, rule)
    yield* checkMatch(fault, rule.match ?? {}, owner)
  }
  if ('seed' in rule && !('probability' in rule)) yield [['seed'], 'is for probability, which is missing', 'key']
  yield* checkDelay(rule.delay)
  yield* checkAnswer(rule)
}

function* checkParameters(fault: FaultName, rule: Rule): Iterable<Finding> {
  const { takes = [], needs = [] } = FAULT_CATALOGUE[fault]
  const besides = Object.keys(rule).filter((name) => PARAMETERS.has(name as FaultParameter))
  for (const name of besides.filter((one) => !takes.some((taken) => taken === one))) {
    const taken = takes.length === 0 ? 'no parameters' : `only ${takes.join(', ')}`
    yield [[name], `is nothing for ${fault}, which takes ${taken}`, 'key']
  }
  for (const name of needs.filter((needed) => !(needed in rule)))
    yield [[], `lacks the key ${name}, which ${fault} needs`]
}

function* checkDelay(delay: Rule['delay']): Iterable<Finding> {
  if (delay === undefined) return
  const { min, max } = typeof delay === 'object' ? delay : { min: undefined, max: delay }
  const place = (name: string) => (typeof delay === 'object' ? ['delay', name] : ['delay'])
  if (min !== undefined && parseDelay(min) > LONGEST_DELAY) yield [place('min'), `must be at most 1h, but is ${min}`]
  if (max === undefined) return
  if (parseDelay(max) > LONGEST_DELAY) yield [place('max'), `must be at most 1h, but is ${max}`]
  if (parseDelay(max) === 0) yield [place('max'), `must be more than 0, but is ${max}`]
  if (min !== undefined && parseDelay(min) > parseDelay(max)) {
    yield [place('min'), `must be at most max, which is ${max}, but is ${min}`]
  }
}

function* checkAnswer({ fault, status, headers = {}, content_type, location, body, value }: Rule): Iterable<Finding> {
  for (const [name, text] of Object.entries(headers)) {
    const place = ['headers', name]
    if (!isHeaderName(name)) yield [place, 'is no name of a header', 'key']
    else if (FRAMING.includes(name.toLowerCase())) yield [place, 'is for the server to say; see http.truncate', 'key']
    if (text !== undefined) yield* checkHeaderValue(place, text)
  }
  if (content_type !== undefined) yield* checkHeaderValue(['content_type'], content_type)
  if (location !== undefined) yield* checkHeaderValue(['location'], location)
  if (fault === 'http.redirect' && status !== undefined && (status < 300 || status > 399)) {
    yield [['status'], `must be from 300 to 399 for a redirect, but is ${status}`]
  }
  if (body !== undefined && WITHOUT_BODY.includes(status ?? 0)) {
    yield [['body'], `can't be sent with status ${status}, which has none`, 'key']
  }
  if (fault?.endsWith('.error') && WITHOUT_BODY.includes(status ?? 0)) {
    yield [['status'], `must be one that has a body to say the error in, but is ${status}`]
  }
  // RFC 9207 §2: it stands in a URL or a form.
  if (fault === 'authorize.wrong_iss' && value !== undefined && typeof value !== 'string') {
    yield [['value'], 'must be a text']
  }
}

/** RFC 9110 §5.5: a field value is printable, so that nothing of it ends the field. */
function* checkHeaderValue(place: readonly string[], text: string): Iterable<Finding> {
  if (!holds(() => validateHeaderValue(place.at(-1)!, text))) {
    yield [place, 'has characters that no header may have']
  }
}

/** RFC 9110 §5.1: a field name is a token. */
const isHeaderName = (name: string) => holds(() => validateHeaderName(name))

function holds(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** Whether the schema took nothing out of it. */
function isWhole(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined
  return Object.values(value).every(isWhole)
}

/** A text that is the same for two values that differ in the order of their members only. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical)}]`
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`)
  return `{${members.sort()}}`
}
