export { type Running, runService, type ServiceProcess, type ServiceSettings } from './run-service.ts';
