/** The libraries that `test/install_relying_parties.sh` installs. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
export const INSTALLED = join(CACHE, 'oidc-provider-mock/relying_parties')

/** Returns the reason to skip the tests of a kind of libraries; false if they are installed. */
export const missing = (name: string) =>
  !existsSync(join(INSTALLED, `${name}.installed`)) && 'run test/install_relying_parties.sh first'
