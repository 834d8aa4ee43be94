/** A scripted browser: keeps cookies, follows the provider's redirects and submits its pages as an end-user does. */
import { decodeEntities } from '../html.js'
import type { Fetch } from './world.js'

/** A page of the provider. */
export interface Page {
  readonly status: number
  readonly url: string
  /** The text of its h1. */
  readonly heading: string
  readonly html: string
  readonly headers: Headers
}

/** The end of a visit: a page without a form to submit, or another site, reached by redirect or by a posted form. */
export interface Outcome {
  /** The submitted pages, followed by the last page if the visit ended at one. */
  readonly pages: readonly Page[]
  /** The other site; absent if the visit ended at a page. */
  readonly elsewhere?: { readonly url: URL; readonly posted?: URLSearchParams }
}

export interface Browser {
  /** Opens a URL, by POST if there is a form, and submits pages until none is left. */
  open(url: string, form?: URLSearchParams): Promise<Outcome>
  /** Opens a URL and submits no page. */
  look(url: string): Promise<Outcome>
  /** The cookies that the browser sends. */
  readonly cookies: ReadonlyMap<string, string>
  /** URLs of the frames on the pages. */
  readonly framed: string[]
}

/** Maximum number of requests of a visit. */
const MOST_STEPS = 8

export function createBrowser(issuer: string, fetch: Fetch, sub = 'alice'): Browser {
  const cookies = new Map<string, string>()
  const framed: string[] = []
  const load = async (url: string, form?: URLSearchParams): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie !== '' && { cookie }) }
    const answer = await fetch(url, form === undefined ? { headers } : { method: 'POST', headers, body: form })
    for (const line of answer.headers.getSetCookie()) keep(cookies, line)
    return answer
  }
  const visit = async (start: string, form: URLSearchParams | undefined, answering: boolean): Promise<Outcome> => {
    const pages: Page[] = []
    let next: Step | undefined = { url: start, ...(form && { form }) }
    for (let step = 0; step < MOST_STEPS; step++) {
      const { url }: Step = next
      if (new URL(url).origin !== issuer) {
        return { pages, elsewhere: { url: new URL(url), ...(next.form && { posted: next.form }) } }
      }
      const answer = await load(url, next.form)
      const location = answer.headers.get('location')
      if (location !== null) {
        next = { url: new URL(location, url).href }
        continue
      }
      const page = await readPage(answer, url)
      pages.push(page)
      framed.push(...framesOf(page))
      next = answering ? nextOf(page, sub) : undefined
      if (next === undefined) return { pages }
    }
    throw new Error(`the visit has more than ${MOST_STEPS} requests: ${pages.map(({ heading }) => heading).join(', ')}`)
  }
  return {
    open: (url, form) => visit(url, form, true),
    look: (url) => visit(url, undefined, false),
    cookies,
    framed,
  }
}

function keep(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
  const gone = /; *max-age=0/i.test(line) || /; *expires=thu, 01 jan 1970/i.test(line)
  if (gone) cookies.delete(name)
  else cookies.set(name, value)
}

async function readPage(answer: Response, url: string): Promise<Page> {
  const html = await answer.text()
  const heading = decodeEntities(/<h1[^>]*>(.*?)<\/h1>/s.exec(html)?.[1]?.replaceAll(/<[^>]+>/g, '') ?? '').trim()
  return { status: answer.status, url, heading, html, headers: answer.headers }
}

interface Step {
  readonly url: string
  readonly form?: URLSearchParams
}

/** Returns the next step of an end-user who agrees to everything; undefined if the page has none. */
function nextOf({ html, url }: Page, sub: string): Step | undefined {
  const forms = [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, head = '', content = '']) => {
    const controls = [...content.matchAll(/<(input|button)\b([^>]*)>/g)]
    const found = controls.map(([, tag = '', attributes = '']) => withTag(tag, attributes))
    return { action: attributesOf(head).action ?? '', content, controls: found }
  })
  const asking = forms.find(({ controls }) => controls.some(({ tag, name }) => tag === 'input' && name === 'sub'))
  const form = asking ?? forms.find(({ content }) => /<button class="primary"/.test(content))
  if (form !== undefined) {
    const fields = form.controls.flatMap(({ tag, name, value = '', type }): [string, string][] => {
      if (name === undefined || tag === 'button') return []
      return [[name, name === 'sub' && type !== 'hidden' ? sub : value]]
    })
    const pressed = form.controls.find(({ tag, class: kind }) => tag === 'button' && kind === 'primary')
    if (pressed?.name !== undefined) fields.push([pressed.name, pressed.value ?? ''])
    return { url: new URL(form.action, url).href, form: new URLSearchParams(fields) }
  }
  // Without scripts, a page leads on by a link.
  const link = [...html.matchAll(/<a\b([^>]*)>\s*Continue\s*<\/a>/g)][0]
  const href = link === undefined ? undefined : attributesOf(link[1]!).href
  return href === undefined ? undefined : { url: new URL(href, url).href }
}

function framesOf({ html, url }: Page): string[] {
  return [...html.matchAll(/<iframe\b([^>]*)>/g)].flatMap(([, attributes = '']) => {
    const { src } = attributesOf(attributes)
    return src === undefined ? [] : [new URL(src, url).href]
  })
}

const withTag = (tag: string, attributes: string): Attributes & { tag: string } => ({
  ...attributesOf(attributes),
  tag,
})

interface Attributes {
  readonly [name: string]: string | undefined
}

function attributesOf(text: string): Attributes {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, decodeEntities(value!)]),
  )
}
