export { type TestLink, testLink } from './link.ts';
export { type TestPostgres, testPostgres } from './postgres.ts';
export { type TestRedis, testRedis } from './redis.ts';
