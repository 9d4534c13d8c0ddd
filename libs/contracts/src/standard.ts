export * as health from './generated/grpc/health/v1/health.ts';
export * as reflection from './generated/grpc/reflection/v1/reflection.ts';
export * as reflectionAlpha from './generated/grpc/reflection/v1alpha/reflection.ts';
