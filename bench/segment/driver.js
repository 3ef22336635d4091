// Runs one job (see bench/runners/__init__.py) with Segment's HubSpot destination, unchanged but for the host. Batches of
// 100 one after the other, as Segment's platform hands them over; what its platform retries outside the package is not here.
const fs = require('fs')
const { performance } = require('perf_hooks')

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))
require('@segment/action-destinations/dist/destinations/hubspot/properties').HUBSPOT_BASE_URL = job.url
const definition = require('@segment/action-destinations/dist/destinations/hubspot').default
const { Destination } = require('@segment/actions-core')

const COMPANY_KEY = 'visma_customer_id'
const CONTACT_KEY = 'visma_contact_id'

const contacts = job.kind === 'linked_contacts'
const mapping = {
  object_details: {
    object_type: contacts ? 'contacts' : 'companies',
    id_field_name: contacts ? CONTACT_KEY : COMPANY_KEY,
    id_field_value: { '@path': '$.key' },
    property_group: 'bench'
  },
  properties: { '@path': '$.properties' },
  association_sync_mode: 'upsert',
  enable_batching: true,
  batch_size: 100,
  __segment_internal_sync_mode: 'upsert'
}
if (contacts) {
  mapping.associations = [
    {
      object_type: 'companies',
      id_field_name: COMPANY_KEY,
      id_field_value: { '@path': '$.company' },
      association_label: 'HUBSPOT_DEFINED:279'
    }
  ]
}

async function send(destination, rows, claim) {
  try {
    const results = await destination.executeBatch('upsertObject', {
      events: rows.map((row) => ({ type: 'track', ...row })),
      mapping,
      settings: {},
      auth: { accessToken: job.token, refreshToken: 'none' },
      subscriptionMetadata: { actionConfigId: 'bench' }
    })
    results.forEach((result, position) => {
      if (result.status < 300) {
        claim.ok += 1
      } else {
        claim.failed += 1
        claim.named.push(rows[position].key)
      }
    })
  } catch (error) {
    // One error for the whole batch: the platform sees no row by itself.
    claim.failed += rows.length
    claim.error = error.name
  }
}

async function main() {
  const claim = { ok: 0, failed: 0, named: [], seconds: 0, error: null }
  const destination = new Destination(definition)
  const started = performance.now()
  for (let start = 0; start < job.rows.length; start += 100) {
    await send(destination, job.rows.slice(start, start + 100), claim)
  }
  claim.seconds = (performance.now() - started) / 1000
  console.log(JSON.stringify(claim))
}

main()
