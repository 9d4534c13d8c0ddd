export { assertEtag, etagOf } from './etag.ts';
export { exact, type FilterField, type FilterFields, flag, oneOf, parseFilter, prefix, type Term } from './filter.ts';
export { quote } from './filter-lexer.ts';
export { matches, pageOf, type Readers } from './in-memory.ts';
export { applyMask, maskedPaths } from './mask.ts';
export type { KeyType, Order, OrderColumn } from './order.ts';
export { type CutPage, type Page, type PageOptions, page, type PageRequest } from './page.ts';
export { fieldInvalid, refusal } from './refusal.ts';
export { type ColumnOf, Where } from './where.ts';
