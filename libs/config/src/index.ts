export { ConfigFault } from './config-fault.ts';
export { contractVariables, dataDir, outboundSettings, processSettings, rpcSettings, storeSettings } from './contract-settings.ts';
export { databaseFaults, migrationUrls } from './database.ts';
export { describe, helpText, markdownTable, type SettingDescription } from './describe.ts';
export { isLoopbackHost, issuerSetting, mtlsOriginSetting, parseIssuer } from './issuer.ts';
export {
  address,
  choice,
  type ConfigFile,
  custom,
  duration,
  file,
  flag,
  hostAndPort,
  integer,
  type Listen,
  list,
  listen,
  parseUrl,
  path,
  secret,
  secretOf,
  secretUrl,
  text,
  url,
} from './kinds.ts';
export { read, type ReadOptions } from './read.ts';
export { Refusal, type Setting, type Settings, type Spec } from './setting.ts';
export { parseSystemSecrets, systemSecrets } from './system-secrets.ts';
export { unknownSettings } from './unknown-settings.ts';
