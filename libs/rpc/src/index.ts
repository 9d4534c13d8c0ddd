export type { Lane } from './batch.ts';
export type { Call } from './call.ts';
export type { CallOptions, Client } from './client.ts';
export { certificateFiles, ensureCertificates } from './certificates.ts';
export { definitionOf, GrpcController, type Handlers } from './controller.ts';
export { type Definition, type Method, serviceFullName } from './definition.ts';
export { DirectHub } from './direct.ts';
export { errorOf, faultOf, statusNumber } from './fault.ts';
export { statusOf } from './grpc-server.ts';
export { healthService } from './health.ts';
export {
  directRuntime,
  type GrpcRuntimeOptions,
  grpcRuntime,
  type NestModule,
  type Runtime,
  type Served,
  type ServeOptions,
} from './runtime.ts';
export type { TlsFiles } from './tls.ts';
export { certificateName, mayCall, type ServiceName, serviceNames, serviceOfCertificate, topology } from './topology.ts';
