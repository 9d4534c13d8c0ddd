import { adminFaults, adminSettings } from '@authority/app-admin';
import { type GatewayConfig, gatewayConfig, gatewaySettings } from '@authority/app-gateway';
import { mailProcessSettings } from '@authority/app-identity';
import { tokenSettings } from '@authority/app-token';
import { choice, dataDir, processSettings, read, type Settings, storeSettings, systemSecrets } from '@authority/config';

/** What the suite reads: the settings of its five services, and its own. All faults are reported at once. */
export const standaloneSettings = {
  ...gatewaySettings,
  ...tokenSettings,
  ...adminSettings,
  ...processSettings,
  ...storeSettings,
  ...mailProcessSettings,
  secrets: systemSecrets.optional(),
  dataDir,
  directTransport: choice(['plain', 'encoded'])
    .default('plain')
    .doc('For tests: `encoded` sends every message between the services through its wire format, as five processes would.'),
} as const;

export type StandaloneConfig = Settings<typeof standaloneSettings> & { readonly gateway: GatewayConfig };

export function standaloneConfig(env: NodeJS.ProcessEnv): StandaloneConfig {
  const settings = read(standaloneSettings, env, { check: adminFaults });
  return { ...settings, gateway: gatewayConfig(env) };
}
