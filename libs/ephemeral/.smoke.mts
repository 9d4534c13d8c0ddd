import { testPostgres, testRedis } from '@authority/testing';
import { migrate, migration, open, statement } from '@authority/postgres';
import { openEphemeral, ephemeralTables } from '@authority/ephemeral';
const pg = await testPostgres(); const url = await pg.newDatabase(); const redis = await testRedis();
const serviceUrl = pg.serviceUrl(url,'token');
console.time('m'); await migrate({ownerUrl:url,serviceUrl,service:'token',migrations:[migration('e_1764000000000', ephemeralTables())]}); console.timeEnd('m');
const db = await open({url: serviceUrl, service:'token'});
for (const redisUrl of [undefined, redis.url]) {
  const e = await openEphemeral({...(redisUrl?{redisUrl}:{}), database: db, prefix:'t', service:'token', onEvent: console.log});
  console.log(e.isReady(), e.epochStartedAt());
  const id = e.mint(60000); console.log(id);
  await e.put('par', id, 'hällo\n', 5000); console.log(await e.get('par',id), await e.compareAndSet('par',id,'x','y',1000), await e.compareAndSet('par',id,'hällo\n','y',1000), await e.take('par',id), await e.take('par', id));
  console.log(await Promise.all([1,2,3].map(()=>e.markOnce('dpop','jti',Date.now()+1000))), await Promise.all([1,2,3].map(()=>e.increment('rate','k',60000))));
  await e.indexAdd('sub','alice','s1',1000); await e.indexAdd('sub','alice','s2',1000*86400*30);await e.indexAdd('sub','alice','s1',1000*86400*30); console.log(await e.indexMembers('sub','alice')); await e.indexRemove('sub','alice','s1'); console.log(await e.indexMembers('sub','alice'), await e.indexMembers('sub','bob'));
  let t=process.hrtime.bigint(); const n=5000; for (let i=0;i<n;i+=50) await Promise.all(Array.from({length:50},()=>{const id=e.mint(60000); return e.put('x',id,'v',60000).then(()=>e.get('x',id))})); console.log('us/op', Number(process.hrtime.bigint()-t)/1000/n/2);
  await e.close();
}
await db.close(); await redis.stop(); await pg.stop();
