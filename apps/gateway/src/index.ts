export { type GatewayConfig, gatewayConfig, type GatewayProcessConfig, gatewayProcessConfig, gatewaySettings } from './config.ts';
export { type Running, startEdge, startGateway } from './gateway.ts';
export type { Peers } from './peers/peers.ts';
