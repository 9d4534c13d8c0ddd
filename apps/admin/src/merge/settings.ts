import {
  type DeleteSettingRequest,
  type DeleteSettingResponse,
  type GetSettingRequest,
  type GetSettingResponse,
  type ListSettingsRequest,
  ListSettingsResponse,
  type Setting,
  SettingsServiceService,
  type UpdateSettingRequest,
  type UpdateSettingResponse,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { fieldInvalid, page, pageOf, parseFilter, prefix } from '@authority/listing';
import type { Ask } from '../peers/owners.ts';
import { type Owner, owners } from '../policy.ts';

/** Token's and session's begin with their service; all others are about people. An owner that has no such setting says so. */
const ownNames = ['token', 'session'] as const;

/** Lists the settings of all owners by name. */
export async function listSettings(request: ListSettingsRequest, ask: Ask): Promise<ListSettingsResponse> {
  const asked = page(request, { list: 'settings', order: { columns: [{ column: 'name', type: 'text' }] } });
  parseFilter(request.filter, { name: prefix() });
  const all = await Promise.all(owners.map((owner) => settingsOf(owner, request.filter, ask)));
  const { rows, next_page_token } = pageOf(all.flat(), asked, ({ name }) => [name]);
  return { settings: rows, next_page_token };
}

async function settingsOf(owner: Owner, filter: string, ask: Ask): Promise<Setting[]> {
  const found: Setting[] = [];
  let page_token = '';
  do {
    const answer = await ask(owner, SettingsServiceService.listSettings, { page_size: 500, page_token, filter });
    found.push(...answer.settings);
    page_token = answer.next_page_token;
  } while (page_token !== '');
  return found;
}

export function getSetting(request: GetSettingRequest, ask: Ask): Promise<GetSettingResponse> {
  return ask(ownerOf(request.name), SettingsServiceService.getSetting, request);
}

export function updateSetting(request: UpdateSettingRequest, ask: Ask): Promise<UpdateSettingResponse> {
  if (!request.setting?.name) throw fieldInvalid('setting.name', 'must name a setting');
  return ask(ownerOf(request.setting.name), SettingsServiceService.updateSetting, request);
}

export function deleteSetting(request: DeleteSettingRequest, ask: Ask): Promise<DeleteSettingResponse> {
  return ask(ownerOf(request.name), SettingsServiceService.deleteSetting, request);
}

function ownerOf(name: string): Owner {
  const [, start] = /^([a-z][a-z0-9_]*)\.[a-z0-9_.]+$/.exec(name) ?? [];
  if (start !== undefined) return ownNames.find((owner) => owner === start) ?? 'identity';
  throw new StatusError('NOT_FOUND', 'resource_not_found', {
    message: `setting: there is none named ${JSON.stringify(name.slice(0, 80))}; ListSettings shows all`,
  });
}
