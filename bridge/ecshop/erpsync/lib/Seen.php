<?php
/**
 * What the bridge last knew of each thing and of each line of an order. A thing is an id with its raw time (stamp): shops
 * give ids of deleted rows to new ones.
 */
class ErpSync_Seen
{
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /**
     * After a snapshot was built. One that is sent leaves its digest, as long as a change of the thing waits to be relayed.
     * What was read for a caller's sake alone must not hide a change from the poller: its digest is kept only of what was
     * there before the bridge, and only if there is none.
     * @param array $things id => stamp, no, status (int or null), rec_ids, digest
     * @param bool $isSent
     * @param int $historyUntil raw time before which things were there before the bridge
     */
    public function remember($kind, array $things, $isSent, $historyUntil)
    {
        if ($things === array()) {
            return;
        }
        $waiting = array_flip($this->db->column(
            'SELECT thing_id FROM {erpsync_outbox} WHERE kind = ? AND thing_id IN (?) AND deleted = 0 AND state = ?',
            array($kind, array_keys($things), ErpSync_Outbox::PENDING)
        ));
        $rows = array();
        $values = array();
        foreach ($things as $id => $thing) {
            $rows[] = '(?, ?, ?, ?, ?, ?, ?, ?)';
            array_push(
                $values,
                $kind,
                $id,
                $thing['stamp'],
                substr($thing['no'], 0, 40),
                $thing['status'],
                json_encode($thing['rec_ids']),
                ($isSent ? isset($waiting[$id]) : (int) $thing['stamp'] < $historyUntil) ? $thing['digest'] : '',
                time()
            );
        }
        $this->db->exec(
            'INSERT INTO {erpsync_seen} (kind, thing_id, stamp, no, status, rec_ids, digest, seen_at) VALUES '
            . implode(', ', $rows) . " ON DUPLICATE KEY UPDATE no = VALUES(no), status = VALUES(status),
               rec_ids = VALUES(rec_ids), merged_into = 0, merged_stamp = 0, seen_at = VALUES(seen_at), "
            . ($isSent
                ? "digest = IF(VALUES(digest) = '', digest, VALUES(digest)), gone_at = 0"
                : "digest = IF(digest = '', VALUES(digest), digest)"),
            $values
        );
    }

    /**
     * @param int|string|null $stamp null for the newest identity of the id
     * @return array|null stamp, no, status, rec_ids (decoded), merged_into, merged_stamp
     */
    public function find($kind, $id, $stamp)
    {
        $row = $this->db->row(
            'SELECT stamp, no, status, rec_ids, merged_into, merged_stamp FROM {erpsync_seen} WHERE kind = ? AND thing_id = ?'
            . ($stamp === null ? '' : ' AND stamp = ?') . ' ORDER BY stamp DESC LIMIT 1',
            $stamp === null ? array($kind, $id) : array($kind, $id, $stamp)
        );
        if ($row !== null) {
            $row['rec_ids'] = self::ids(json_decode($row['rec_ids'], true));
        }
        return $row;
    }

    /** A thing is gone, whether or not it was ever seen. */
    public function markGone($kind, $id, $stamp, $no, array $recIds)
    {
        $this->db->exec(
            'INSERT INTO {erpsync_seen} (kind, thing_id, stamp, no, rec_ids, gone_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE rec_ids = VALUES(rec_ids), gone_at = IF(gone_at = 0, VALUES(gone_at), gone_at)',
            array($kind, $id, $stamp, substr($no, 0, 40), json_encode($recIds), time(), time())
        );
    }

    /** @return array rec_id => row of erpsync_line */
    public function lines(array $recIds)
    {
        $lines = array();
        foreach ($recIds === array() ? array() : $this->db->rows(
            'SELECT rec_id, order_id, from_id, product_sn, package_goods FROM {erpsync_line} WHERE rec_id IN (?)',
            array(array_values($recIds))
        ) as $row) {
            $lines[$row['rec_id']] = $row;
        }
        return $lines;
    }

    /**
     * Where the lines are now, and what they hold. An order it came from is settled with that (see ErpSync_Merges).
     * @param array $lines rec_id => order_id, product_sn, package_goods (members or null)
     * @param array $memory what lines() had of them: what is the same is not written
     */
    public function keepLines(array $lines, array $memory)
    {
        $rows = array();
        $values = array();
        foreach ($lines as $recId => $line) {
            $kept = isset($memory[$recId]) ? $memory[$recId] : null;
            $package = $line['package_goods'] === null || $line['package_goods'] === array()
                ? null
                : json_encode($line['package_goods']);
            if ($kept !== null && $kept['order_id'] === (string) $line['order_id'] && $kept['from_id'] === '0'
                && ($line['product_sn'] === '' || $kept['product_sn'] === $line['product_sn'])
                && ($package === null || $kept['package_goods'] === $package)) {
                continue;
            }
            $rows[] = '(?, ?, ?, ?)';
            array_push($values, $recId, $line['order_id'], $line['product_sn'], $package);
        }
        if ($rows !== array()) {
            $this->db->exec(
                'INSERT INTO {erpsync_line} (rec_id, order_id, product_sn, package_goods) VALUES ' . implode(', ', $rows)
                . " ON DUPLICATE KEY UPDATE order_id = VALUES(order_id), from_id = 0,
                   product_sn = IF(VALUES(product_sn) = '', product_sn, VALUES(product_sn)),
                   package_goods = IFNULL(VALUES(package_goods), package_goods)",
                $values
            );
        }
    }

    /** A line was seen to move from one order to another, whether or not either was ever seen. */
    public function moved($recId, $from, $to)
    {
        $this->db->exec(
            'INSERT INTO {erpsync_line} (rec_id, order_id, from_id) VALUES (?, ?, ?)
             ON DUPLICATE KEY UPDATE order_id = VALUES(order_id), from_id = VALUES(from_id)',
            array($recId, $to, $from)
        );
    }

    /** Lines were deleted. Their ids may be given to others, and must not tell of a merge then. */
    public function linesDeleted(array $recIds)
    {
        if ($recIds !== array()) {
            $this->db->exec('DELETE FROM {erpsync_line} WHERE rec_id IN (?)', array(array_values($recIds)));
        }
    }

    /** @return array of strings of digits, without repetition, rising */
    public static function ids($found)
    {
        $ids = array();
        foreach (is_array($found) ? $found : array() as $id) {
            $ids[(int) $id] = (string) (int) $id;
        }
        ksort($ids);
        return array_values($ids);
    }
}
