export { startFiveProcesses } from './five-processes.ts';
export { startOneProcess } from './one-process.ts';
export { freePorts } from './ports.ts';
export { AppProcess, root } from './process.ts';
export { answersOk, type OperatorCredential, type Suite, type SuiteOptions } from './suite.ts';
