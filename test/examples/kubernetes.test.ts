/** examples/kubernetes: valid manifests and a ConfigMap with a valid configuration. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { validateFile } from '../../src/config/validate.js'
import { ROOT } from '../root.js'
import { accepts, execute, missing, readYaml, serveFolder } from './programs.js'

interface Kustomization {
  readonly resources: readonly string[]
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[]
  readonly generatorOptions: object
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly data: Readonly<Record<string, string>>
}

interface Deployment extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: Pod }
  }
}

interface Pod {
  readonly containers: readonly [Readonly<Record<string, unknown>>]
  readonly volumes: readonly unknown[]
}

const LAYERS = { base: 'base', staging: 'overlays/staging' } as const

async function build(t: Test, layer: keyof typeof LAYERS): Promise<{ text: string; manifests: Manifest[] }> {
  const built = await execute('kustomize', ['build', `examples/kubernetes/${LAYERS[layer]}`])
  accepts(t, built)
  const { stdout } = built
  return { text: stdout, manifests: parseAllDocuments(stdout).map((document) => document.toJS() as Manifest) }
}

/** Returns the ConfigMap as a folder, as mounted in the pod. */
async function mount(t: Test, layer: keyof typeof LAYERS): Promise<string> {
  const { manifests } = await build(t, layer)
  return t.testdir({ ...manifests.find(({ kind }) => kind === 'ConfigMap')!.data })
}

for (const layer of ['base', 'staging'] as const) {
  const folder = join('examples/kubernetes', LAYERS[layer])

  test(`${layer}: the files exist and are valid`, async (t) => {
    const { resources, configMapGenerator, generatorOptions } = readYaml<Kustomization>(folder, 'kustomization.yaml')
    for (const resource of resources) t.ok(existsSync(join(ROOT, folder, resource)), resource)
    for (const file of configMapGenerator[0]!.files) {
      t.strictSame(await validateFile(join(ROOT, folder, file), {}), { problems: [], warnings: [] }, file)
    }
    t.strictSame(generatorOptions, { disableNameSuffixHash: true }, 'a change reaches the pod that runs')
  })

  test(`${layer}: the manifests are valid by the schemas of Kubernetes`, {
    skip: missing('kustomize', 'kubernetes-validate'),
  }, async (t) => {
    const { text } = await build(t, layer)
    const file = join(t.testdir({ 'manifests.yaml': text }), 'manifests.yaml')
    const checked = await execute('kubernetes-validate', ['--strict', file])
    accepts(t, checked)
    t.match(checked.said, 'deployment/oidc-provider-mock')
    const bad = join(t.testdir({ 'bad.yaml': text.replace('runAsNonRoot', 'runAsNonroot') }), 'bad.yaml')
    t.not((await execute('kubernetes-validate', ['--strict', bad])).code, 0, 'the validator refuses what is none')
  })

  test(`${layer}: the ConfigMap of kustomize has a valid configuration`, {
    skip: missing('kustomize'),
  }, async (t) => {
    const mounted = await mount(t, layer)
    for (const file of ['config.yaml', 'users.yaml'])
      t.strictSame(await validateFile(join(mounted, file), {}), { problems: [], warnings: [] }, file)
  })
}

test('the pod mounts the ConfigMap by its own name, as a folder', { skip: missing('kustomize') }, async (t) => {
  const { manifests } = await build(t, 'staging')
  const { spec } = manifests.find(({ kind }) => kind === 'Deployment') as Deployment
  t.strictSame(spec.template.metadata.labels, spec.selector.matchLabels)
  const { containers, volumes } = spec.template.spec
  t.strictSame(volumes, [{ name: 'config', configMap: { name: 'oidc-provider-mock' } }])
  t.strictSame(containers[0].volumeMounts, [{ name: 'config', mountPath: '/config', readOnly: true }])
  t.ok(manifests.some(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'oidc-provider-mock'))
})

test('each environment has its own users', { skip: missing('kustomize') }, async (t) => {
  const people = { base: ['alice', 'bob'], staging: ['staging-customer', 'staging-support', 'staging-suspended'] }
  for (const layer of ['base', 'staging'] as const) {
    const mounted = await mount(t, layer)
    const url = await serveFolder(t, mounted)
    const query = new URLSearchParams({
      client_id: 'shop',
      redirect_uri: 'https://shop.staging.example.com/callback',
      response_type: 'code',
      scope: 'openid',
    })
    const page = await (await fetch(`${url}/oauth2/authorize?${query}`)).text()
    t.strictSame(
      [...page.matchAll(/Authorize as ([a-z-]+)/g)].map(([, sub]) => sub),
      people[layer],
    )
  }
})
