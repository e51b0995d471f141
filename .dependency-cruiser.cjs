// The layers of docs/architecture.md:
// contracts <- domain <- ports <- app <- adapters <- functions <- infra (types of env only), local, cli.

const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown']

/** What of this repository a layer may import; anything else of it is an error. */
const layer = (from, allowed, comment) => ({
  name: `layer-${from.replace('/', '-')}`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(functions|shared|infra|local|cli|test|bridge)/',
    pathNot: allowed.map((path) => `^${path}`),
  },
})

module.exports = {
  forbidden: [
    layer('shared/contracts', ['shared/contracts/'], 'Contracts are the innermost layer.'),
    layer('shared/domain', ['shared/(domain|contracts)/'], 'The domain decides over contracts.'),
    layer('shared/ports', ['shared/(ports|domain|contracts)/'], 'Ports are interfaces.'),
    layer('shared/app', ['shared/(app|ports|domain|contracts)/'], 'A use case knows ports, never adapters.'),
    layer('shared/adapters', ['shared/(adapters|ports|domain|contracts)/'], 'An adapter serves a port.'),
    layer(
      'shared/runtime',
      ['shared/(runtime|ports|domain|contracts)/'],
      'The runtime is plumbing around ports.',
    ),
    layer('functions', ['functions/', 'shared/'], 'A function wires what is in shared.'),
    layer(
      'infra',
      ['infra/', 'shared/contracts/', 'shared/runtime/env[.]ts$', 'functions/[^/]+/env[.]ts$'],
      'Infrastructure reads the configuration contract and the types of each environment.',
    ),
    layer('cli', ['cli/', 'functions/', 'shared/', 'infra/'], 'Nothing imports test or local.'),
    layer('local', ['local/', 'functions/', 'shared/', 'infra/'], 'Nothing imports test.'),
    {
      name: 'domain-is-pure',
      comment: 'The domain has no I/O and no library.',
      severity: 'error',
      from: { path: '^shared/domain/' },
      to: { dependencyTypes: ['core', ...npm] },
    },
    {
      name: 'domain-takes-types-from-contracts',
      comment: 'The domain knows the shapes of contracts, not their parsers.',
      severity: 'error',
      from: { path: '^shared/domain/' },
      to: { path: '^shared/contracts/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ports-are-types',
      comment: 'A port has no code, so it imports types only.',
      severity: 'error',
      from: { path: '^shared/ports/' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'app-has-no-library',
      comment: 'A use case reaches the world through ports.',
      severity: 'error',
      from: { path: '^shared/app/' },
      to: { dependencyTypes: npm },
    },
    {
      name: 'app-has-no-io',
      comment: 'A use case reaches the world through ports.',
      severity: 'error',
      from: { path: '^shared/app/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util)$' },
    },
    {
      name: 'contracts-need-only-zod',
      comment: 'Contracts are shapes; generate.ts writes their JSON Schema to disk.',
      severity: 'error',
      from: { path: '^shared/contracts/', pathNot: '^shared/contracts/generate[.]ts$' },
      to: { dependencyTypes: ['core', ...npm], pathNot: 'node_modules/zod/' },
    },
    {
      name: 'adapters-are-strangers',
      comment: 'Adapters share nothing but shared/adapters/http and shared/adapters/mapping.',
      severity: 'error',
      from: { path: '^shared/adapters/((?:erp|shop)/[^/]+|[^/]+)/' },
      to: {
        path: '^shared/adapters/',
        pathNot: ['^shared/adapters/$1/', '^shared/adapters/(http|mapping)/'],
      },
    },
    {
      name: 'functions-are-strangers',
      comment: 'No function imports another.',
      severity: 'error',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    {
      name: 'infra-takes-types-of-env',
      comment: 'Synthesis must not run what a function runs.',
      severity: 'error',
      from: { path: '^infra/' },
      to: { path: '^(functions|shared/runtime)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-needs-only-its-dependencies',
      comment: 'What a merchant runs is installed without devDependencies.',
      severity: 'error',
      from: { path: '^(functions|shared|local|cli)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unknown-import',
      comment: 'An import that does not resolve would hide a rule that never fires.',
      severity: 'error',
      // It has a lock file of its own, and its packages come when its test first runs.
      from: { pathNot: '^bridge/ecshop/test/php-versions/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API: without this parser nothing is cruised and nothing fails.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Its walker does not know `await using`; nothing imports these, and tsc resolves their imports.
    exclude: { path: '[.]bridge[.]ts$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
    },
  },
}
