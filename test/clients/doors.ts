/** The three doors by which client metadata comes in, for tests: the file, the admin API and registration. */
import type { Test } from 'tap'
import { ConfigError } from '../../src/config/errors.js'
import { loadSnapshot } from '../../src/config/load.js'
import type { ConfigInput } from '../../src/generated/input.js'
import { createAdminApp } from '../admin/api.js'

export type Metadata = Readonly<Record<string, unknown>>
/** Why a client is refused; undefined if it is accepted. */
export type Verdict = string | undefined
export type Doors = Readonly<Record<'file' | 'admin' | 'registration', (metadata: Metadata) => Promise<Verdict>>>

const CONFIG: ConfigInput = { keys: [{ alg: 'ES256' }], encryption_keys: [{ alg: 'ECDH-ES' }] }
/** The members that a provider chooses for a client that registers. */
const OWN = { client_id: 'app', client_secret: 'secret' }

/** Opens the doors of a provider with this configuration. */
export async function openDoors(t: Test, config: ConfigInput = {}): Promise<Doors> {
  const whole = { ...CONFIG, ...config }
  const test = await createAdminApp(t, whole)
  return {
    async file(metadata) {
      const text = JSON.stringify({ ...whole, clients: [{ ...OWN, ...metadata }] })
      try {
        await loadSnapshot({ config_text: { name: 'config.yaml', text }, overrides: [], env: {} })
        return undefined
      } catch (error) {
        if (error instanceof ConfigError) return error.message
        throw error
      }
    },
    async admin(metadata) {
      const answer = await test.call('PUT', '/clients/app', { ...OWN, ...metadata })
      return refusal(answer, ['invalid_request'])
    },
    async registration(metadata) {
      const answer = await test.app.inject({ method: 'POST', url: '/oauth2/clients', payload: metadata })
      return refusal(answer, ['invalid_redirect_uri', 'invalid_client_metadata', 'invalid_software_statement'])
    },
  }
}

interface Response {
  readonly statusCode: number
  json(): { readonly error: string; readonly error_description: string }
}

function refusal(response: Response, errors: readonly string[]): Verdict {
  if ([200, 201].includes(response.statusCode)) return undefined
  const { error, error_description } = response.json()
  if (response.statusCode !== 400 || !errors.includes(error)) {
    throw new Error(`the status is ${response.statusCode} with ${error}, expected 400 with one of ${errors.join(', ')}`)
  }
  return `${error}: ${error_description}`
}
