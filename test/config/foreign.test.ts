/** Configurations of other providers are recognized by their keys. */
import t from 'tap'
import { findForeign } from '../../src/config/foreign.js'

t.equal(findForeign({ staticPasswords: [] }), 'a configuration of dex')
t.equal(findForeign([{ ClientId: 'app' }]), 'a list of clients of oidc-server-mock by Soluto')
for (const value of [[], [[]], ['text'], {}, { users: [] }, undefined]) t.equal(findForeign(value), undefined)
