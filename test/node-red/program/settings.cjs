// What Node-RED asks for on its first start, and nothing that changes what a flow may do.
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.PORT),
  disableEditor: true,
  credentialSecret: false,
  // The default of a fresh installation: a function node may name the modules it uses.
  functionExternalModules: true,
  // Fetches nothing by itself.
  externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'warn', metrics: false, audit: false } },
}
