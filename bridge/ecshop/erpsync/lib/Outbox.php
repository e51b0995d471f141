<?php
/**
 * What has changed and is not relayed yet, one row per thing; deletions have a row per identity and never coalesce.
 * Its seq comes from the counter, under the lock of whoever collects: rows become visible in the order of their numbers.
 */
class ErpSync_Outbox
{
    const PENDING = 0;
    const RELAYED = 1;
    const SET_ASIDE = 2;
    /** Seconds for which no row is ever set back: one that waits longer was, before the clock was. */
    const LONGEST_WAIT = 600;

    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Counter */
    private $counter;

    public function __construct(ErpSync_Db $db, ErpSync_Counter $counter)
    {
        $this->db = $db;
        $this->counter = $counter;
    }

    /**
     * A thing was written. Only under the lock `collect`.
     * @param string $digest of the state that was seen; '' where none was computed
     */
    public function changed($kind, $id, $now, $digest = '')
    {
        $this->put($kind, $id, 0, 0, null, $now, $digest);
    }

    /**
     * A thing is gone. Only under the lock `collect`.
     * @param int $stamp the raw time that is part of its identity (add_time, reg_time, return_time, msg_time)
     * @param array $tombstone as the webhook contract has it, without what only the relay knows
     */
    public function deleted($kind, $id, $stamp, array $tombstone, $now)
    {
        $this->put($kind, $id, 1, $stamp, json_encode($tombstone), $now, '');
    }

    private function put($kind, $id, $deleted, $stamp, $payload, $now, $digest)
    {
        $seq = $this->counter->draw();
        $this->db->exec(
            'INSERT INTO {erpsync_outbox} (kind, thing_id, deleted, stamp, seq, changed_at, state, payload, digest)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE seq = VALUES(seq), changed_at = VALUES(changed_at), state = VALUES(state),
               attempts = 0, not_before = 0, payload = VALUES(payload), digest = VALUES(digest), problem = NULL',
            array($kind, $id, $deleted, $stamp, $seq, $now, self::PENDING, $payload, $digest)
        );
    }

    /** @return array of rows to relay now, oldest change first */
    public function due($limit, $now)
    {
        return $this->db->rows(
            'SELECT row_id, kind, thing_id, deleted, stamp, seq, changed_at, attempts, payload FROM {erpsync_outbox}
             WHERE state = ? AND (not_before <= ? OR not_before > ?) ORDER BY seq LIMIT ' . (int) $limit,
            array(self::PENDING, $now, $now + self::LONGEST_WAIT)
        );
    }

    /** Clears a row as it was read; a change that came since keeps it. @return bool whether it was cleared */
    public function relayed(array $row)
    {
        return $this->turn($row, 'state = ?, problem = NULL', array(self::RELAYED));
    }

    /** What is invalid stays so until the thing changes. @param array $problem code, field, message, remedy */
    public function setAside(array $row, array $problem)
    {
        return $this->turn($row, 'state = ?, problem = ?', array(self::SET_ASIDE, json_encode($problem)));
    }

    public function postpone(array $row, $notBefore, array $problem)
    {
        return $this->turn(
            $row,
            'attempts = attempts + 1, not_before = ?, problem = ?',
            array($notBefore, json_encode($problem))
        );
    }

    private function turn(array $row, $set, array $values)
    {
        return $this->db->exec(
            'UPDATE {erpsync_outbox} SET ' . $set . ' WHERE row_id = ? AND seq = ?',
            array_merge($values, array((int) $row['row_id'], $row['seq']))
        ) > 0;
    }

    /** Everything set aside goes once more. @return int how many */
    public function releaseSetAside()
    {
        return $this->db->exec(
            'UPDATE {erpsync_outbox} SET state = ?, not_before = 0 WHERE state = ?',
            array(self::PENDING, self::SET_ASIDE)
        );
    }

    public function setAsideRows($limit)
    {
        return $this->db->rows(
            'SELECT kind, thing_id, deleted, changed_at, problem FROM {erpsync_outbox} WHERE state = ? ORDER BY seq LIMIT '
            . (int) $limit,
            array(self::SET_ASIDE)
        );
    }

    /** The feed: relayed or not, in the order of seq. @return array of rows */
    public function changes($after, $limit)
    {
        return $this->db->rows(
            'SELECT seq, kind, thing_id, deleted, stamp, changed_at FROM {erpsync_outbox} WHERE seq > ? ORDER BY seq LIMIT '
            . (int) $limit,
            array($after)
        );
    }

    /** @return array pending, setAside (numbers) and oldest (epoch seconds or null) */
    public function counts()
    {
        $row = $this->db->row(
            'SELECT SUM(state = 0) AS pending, SUM(state = 2) AS aside, MIN(IF(state = 0, changed_at, NULL)) AS oldest
             FROM {erpsync_outbox} WHERE state IN (0, 2)'
        );
        return array(
            'pending' => (int) $row['pending'],
            'setAside' => (int) $row['aside'],
            'oldest' => $row['oldest'] === null ? null : (int) $row['oldest'],
        );
    }

    /** Relayed rows older than that leave the feed, but never the newest. */
    public function prune($before)
    {
        $newest = (string) $this->db->value('SELECT MAX(seq) FROM {erpsync_outbox}');
        $this->db->exec(
            'DELETE FROM {erpsync_outbox} WHERE state = ? AND changed_at < ? AND seq < ? LIMIT 5000',
            array(self::RELAYED, $before, $newest)
        );
    }
}
