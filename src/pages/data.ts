/** The data of the HTML pages. */
import type { Config } from '../generated/types.js'

/** A user on a page. */
export interface PageUser {
  sub: string
  display_name?: string
  description?: string
  /** Names of the user's faults. */
  faults?: readonly string[]
}

/** A client on a page. */
export interface PageClient {
  client_id: string
  client_name?: string
}

/** The items of a list on one page, and the number of all. */
export interface PageList<T> {
  items: readonly T[]
  total: number
  /** Number of the page, from 1. */
  page: number
  pages: number
  /** Number of the first item, from 1. */
  first: number
  /** Texts that the filter suggests, if the list is not shown whole. */
  suggestions?: readonly string[]
}

/** Errors and faults that the pages of a login offer. */
export interface FaultOptions {
  errors: readonly string[]
  groups: readonly { label: string; faults: readonly { name: string; effect: string }[] }[]
  /** Values of the previous submission. */
  error?: string
  fault?: string
  problem?: string
}

/** An authorization request as the pages show it. */
export interface PageRequest {
  /** Target of the forms: the query of the request. */
  action: string
  /** Hidden fields of the forms. */
  hidden: readonly (readonly [string, string])[]
  client_id: string
  client_name?: string
  /** An http or https URL, like the links. */
  logo?: string
  links: readonly { name: string; uri: string }[]
  registered: boolean
  redirect_uri: string
  scopes: readonly { name: string; description?: string }[]
  /** Names of the individually requested claims. */
  claims: readonly string[]
  /** Reason why the last submission was refused. */
  problem?: string
  fault_options: FaultOptions
}

/** The parts around every page, which depend on the browser and on the files of the configuration. */
export interface PageFrame {
  /** URL of the home page. */
  home?: string
  /** Whether the browser may use the admin API. */
  may_administer?: boolean
  /** URL of the journal; absent if the browser may not read it. */
  journal?: string
  /** Set if changed files have problems, so that the earlier configuration is in force. */
  stale?: {
    /** Number of all problems. */
    count: number
    /** The first problems; none if the browser may not read them. */
    problems: readonly { place: string; text: string }[]
  }
}

/** The entry of a request in the journal. */
export interface Entry {
  /** URL of the entry; absent if the browser may not read it. */
  url?: string
  flow_id?: string
}

/** Data of each page, by the name of its template. */
export interface Pages {
  home: {
    issuer: string
    base_path: string
    /** Pages and documents that open without parameters. */
    links: readonly { name: string; url: string; about: string }[]
    /** Endpoints for clients, which need parameters. */
    endpoints: readonly { name: string; methods: string; url: string }[]
    users: PageList<PageUser>
    clients: PageList<PageClient>
    /** The text that the users and clients were searched for. */
    filter?: string
    /** Whether the issuer lies below `/issuers/`. */
    isolated: boolean
    profile: Config['profile']
    /** Whether each rule is enabled. */
    rules: readonly boolean[]
  }
  login: PageRequest & {
    /** Whether the request asks for the registration of the end-user. */
    registers: boolean
    /** Initial value of the text field. */
    login_hint?: string
    predefined: PageList<PageUser>
    /** The text that the predefined users were searched for. */
    filter?: string
    recent: readonly string[]
    /** Logins of this browser that the end-user may continue with. */
    accounts: readonly PageUser[]
    /** Proof that the submission comes from this page. */
    browser_state?: string
  }
  consent: PageRequest & { account: PageUser; browser_state: string }
  /** The form of an authorization response, posted by a script or by its button. */
  form_post: { action: string; fields: readonly (readonly [string, string])[] }
  /** The form for the user_code of a device. */
  device: { action: string; user_code?: string; problem?: string }
  device_confirm: Pick<PageRequest, 'action' | 'hidden' | 'client_id' | 'client_name' | 'scopes' | 'problem'> & {
    user_code: string
    /** Initial value of the text field. */
    sub?: string
    predefined: PageList<PageUser>
    filter?: string
    recent: readonly string[]
  }
  /** Without a `sub`, the end-user has denied access. */
  device_done: { client_id: string; client_name?: string; sub?: string }
  /** An authorization response that the browser delivers twice: in a frame, and then in place of this page. */
  double_callback: { location: string } | { action: string; fields: readonly (readonly [string, string])[] }
  error: {
    error: string
    description: string
    status: number
    /** The entry of the request in the journal. */
    entry?: Entry
    /** A message as JSON for the page that has opened or framed this one, and the origin that may receive it. */
    message?: { text: string; target: string }
  }
  end_session: {
    action: string
    /** Parameters of the request. */
    parameters: readonly [string, string][]
    id_token_hint_missing: boolean
    id_token_hint_unknown: boolean
    client_id?: string
    client_name?: string
    sub?: string
    /** Other users that are logged out. */
    others: readonly string[]
    /** Whether this browser has logins, but not the one of the hint. */
    other_login: boolean
    redirect_uri?: string
    /** Hidden fields of the form. */
    hidden: readonly [string, string][]
  }
  session_ended: {
    /** Results of the back-channel notifications. The page shows no reason: it would describe the provider's network. */
    notifications: readonly { client_id: string; attempts: number; status?: number; reason?: string }[]
    /** Frames of the front-channel notifications. */
    frames: readonly { client_id: string; url: string }[]
    /** URL that a script opens after the frames have loaded. */
    location?: string
  }
  check_session: {
    /** Name of the cookie with the browser state. */
    cookie: string
    /** Whether the frame is the login status frame of keycloak-js. */
    login_status: boolean
  }
  self_login: {
    action: string
    issuer: string
    /** Empty for the built-in client. */
    client_id: string
    clients: readonly PageClient[]
    scopes: readonly { name: string; checked: boolean }[]
    more_scopes: string
    prompts: readonly string[]
    prompt?: string
    response_types: readonly string[]
    response_type: string
    /** Reason why the last submission was refused. */
    problem?: string
  }
  self_login_success: {
    client_id: string
    sub?: string
    /** Verdicts by the response that they are about. */
    checks: readonly { heading: string; checks: readonly { name: string; passed: boolean; text: string }[] }[]
    failures: number
    total: number
    /** Decoded tokens and responses. Long strings are shortened. */
    documents: readonly { heading: string; claims: Record<string, unknown> }[]
    /** Whether the clock of the issuer differs from the real time. */
    other_time: boolean
    again: string
    end_session: string
    entry?: Entry
  }
  self_login_error: { error: string; description: string; again: string; entry?: Entry }
}
