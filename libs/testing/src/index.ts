export { seedOf, totpCode } from './authenticator-app.ts';
export { clientAuthentication, serverAuthentication, TestCertificate } from './client-certificates.ts';
export { type MailMessage, readMessage } from './mail-message.ts';
export { type ReceivedMail, type TestMailServer, testMailServer } from './mail-server.ts';
export { type TestLink, testLink } from './link.ts';
export { postgresAt, type TestPostgres, testPostgres } from './postgres.ts';
export { type Behaviour, SoftwareAuthenticator } from './software-authenticator.ts';
export { type TestRedis, testRedis } from './redis.ts';
