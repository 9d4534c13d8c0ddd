/**
 * The feed of an owner, for its migration; unqualified names land in the owner's schema.
 *
 * Entries get their `sequence` only after their transaction has committed: `feed_settle()` numbers all visible rows while
 * it holds the one row of `feed_head`. So a number can become visible only after every lower one, however long the
 * transactions took, and a reader that asks for `sequence > cursor` cannot skip an entry. (Numbering at insert would need a
 * horizon over running transactions, and would not survive a dump and restore.)
 */
export function feedTables(): string[] {
  return [
    `CREATE TABLE feed (
       id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       sequence bigint UNIQUE,
       version smallint NOT NULL DEFAULT 1,
       event text NOT NULL,
       sub text NOT NULL DEFAULT '',
       sid text NOT NULL DEFAULT '',
       why text NOT NULL DEFAULT '',
       at timestamptz NOT NULL DEFAULT clock_timestamp()
     )`,
    'CREATE INDEX feed_unsettled ON feed (id) WHERE sequence IS NULL',
    'CREATE INDEX feed_at ON feed (at)',
    `CREATE TABLE feed_head (
       singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
       sequence bigint NOT NULL DEFAULT 0
     )`,
    'INSERT INTO feed_head DEFAULT VALUES',
    `CREATE TABLE feed_dependents (
       dependent text PRIMARY KEY,
       cursor bigint NOT NULL,
       seen_at timestamptz NOT NULL
     )`,
    settleFunction,
  ];
}

/** Where a dependent stands in the feeds that it follows, for the dependent's migration. */
export function feedCursorTables(): string[] {
  return ['CREATE TABLE feed_cursors (feed text PRIMARY KEY, cursor bigint NOT NULL DEFAULT 0)'];
}

/** Returns the head. Every statement of the function has a snapshot of its own, the update's taken under the lock. */
const settleFunction = `
CREATE FUNCTION feed_settle() RETURNS bigint LANGUAGE plpgsql AS $settle$
DECLARE
  head bigint;
  settled bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM feed WHERE feed.sequence IS NULL) THEN
    RETURN (SELECT feed_head.sequence FROM feed_head);
  END IF;
  SELECT feed_head.sequence INTO head FROM feed_head FOR UPDATE;
  WITH unsettled AS (
    SELECT feed.id, row_number() OVER (ORDER BY feed.id) AS place FROM feed WHERE feed.sequence IS NULL
  )
  UPDATE feed SET sequence = head + unsettled.place FROM unsettled WHERE feed.id = unsettled.id;
  GET DIAGNOSTICS settled = ROW_COUNT;
  UPDATE feed_head SET sequence = head + settled;
  RETURN head + settled;
END
$settle$`;
