export { appendFeed, type FeedEvent, type NewFeedEntry } from './append.ts';
export { FeedSource } from './feed-source.ts';
export { type Following, followFeed, type FollowFeedOptions } from './follow.ts';
export { feedJob } from './prune.ts';
export { feedCursorTables, feedTables } from './tables.ts';
