import { existsSync, readFileSync } from 'node:fs';
import { type DataFolder, writeWhole } from './data-folder.ts';
import { keptSecret } from './secrets.ts';

/** What first start writes for the operator (contract.md, "Operators"). */
export interface OperatorFile {
  issuer: string;
  admin_address: string;
  client_id: string;
  client_secret: string;
}

/** The operator's secret is made once; the file says where to use it now. */
export function operatorSecret(folder: DataFolder): string {
  return keptSecret(folder, 'operator');
}

export function writeOperatorFile(folder: DataFolder, operator: OperatorFile): void {
  const text = `${JSON.stringify(operator, null, 2)}\n`;
  if (existsSync(folder.operatorFile) && readFileSync(folder.operatorFile, 'utf8') === text) return;
  writeWhole(folder.operatorFile, text, 0o600);
}
