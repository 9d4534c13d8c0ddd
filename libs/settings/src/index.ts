export { type Definition, type Definitions, defineSettings, type ValueOf } from './define.ts';
export { settingsHandlers } from './handlers.ts';
export { durationSetting, flagSetting, numberSetting, wordSetting } from './kinds.ts';
export { fixedSettings, openSettings, type Settings } from './settings.ts';
export { settingsTables } from './tables.ts';
