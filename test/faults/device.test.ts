/** Faults of polls of the device flow. RFC 8628 §3.5. */
import t from 'tap'
import { DEVICE_CASES } from './device_cases.js'

for (const [fault, check] of Object.entries(DEVICE_CASES)) t.test(fault, check)
