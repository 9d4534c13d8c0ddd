// The file and not the lib: only the table is wanted here, without Nest, by a script that Node runs as it is.
export { serviceNames, topology } from '../../libs/rpc/src/topology.ts';
