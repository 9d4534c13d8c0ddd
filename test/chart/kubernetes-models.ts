import type { KubernetesObject } from './objects.ts';
import { load } from './tools.ts';

/** A model of `kubernetes-models`: types, required fields, patterns. */
type Model = new (data: KubernetesObject) => { validate(): void };

/** A model of `@kubernetes/client-node`: the names and types of all its fields. */
interface Mapped {
  getAttributeTypeMap(): readonly { baseName: string; type: string }[];
}

/** Where a group's models are, when it is not one of Kubernetes' own. */
const foreignGroups: Readonly<Record<string, string>> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

/** All that an API server would say about the object by its schema alone: lines, none when it is well formed. */
export async function faultsOf(object: KubernetesObject): Promise<string[]> {
  const name = `${object.kind} ${object.metadata.name}`;
  const faults = await invalid(object);
  return [...faults, ...(await unknownFields(object))].map((fault) => `${name}: ${fault}`);
}

async function invalid(object: KubernetesObject): Promise<string[]> {
  const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
  const home = foreignGroups[group] ?? 'kubernetes-models';
  const module = await load<Record<string, Model>>(`${home}/${object.apiVersion}/${object.kind}.js`);
  const model = module[object.kind];
  if (!model) return [`${home} has no model for ${object.apiVersion}`];
  try {
    new model(object).validate();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/**
 * Fields that Kubernetes does not know. Its models let them pass, and an API server would drop them silently; only its own
 * kinds have a table of names (the custom resources of others do not).
 */
async function unknownFields(object: KubernetesObject): Promise<string[]> {
  const [group = '', version = ''] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  if (foreignGroups[group]) return [];
  const models = await load<Record<string, unknown>>('@kubernetes/client-node/dist/gen/models/all.js');
  const type = `${version.charAt(0).toUpperCase()}${version.slice(1)}${object.kind}`;
  if (!mapped(models, type)) return [`@kubernetes/client-node has no ${type}`];
  return walk(models, type, object, '');
}

function mapped(models: Record<string, unknown>, type: string): Mapped | undefined {
  const model = models[type];
  // The generated models are classes with a static table; the rest of the module are plain strings and functions.
  return typeof model === 'function' && 'getAttributeTypeMap' in model ? (model as unknown as Mapped) : undefined;
}

function walk(models: Record<string, unknown>, type: string, value: unknown, path: string): string[] {
  if (value === null || value === undefined) return [];
  const list = /^Array<(.+)>$/.exec(type);
  if (list) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, index) => walk(models, list[1] ?? '', item, `${path}[${index}]`));
  }
  const model = mapped(models, type);
  if (!model || typeof value !== 'object') return [];
  const fields = new Map(model.getAttributeTypeMap().map((field) => [field.baseName, field.type]));
  return Object.entries(value).flatMap(([key, item]) => {
    const fieldType = fields.get(key);
    if (fieldType === undefined) return [`${path}.${key} is no field of ${type}`];
    return walk(models, fieldType, item, `${path}.${key}`);
  });
}
