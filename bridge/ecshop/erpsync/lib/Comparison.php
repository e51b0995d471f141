<?php
/**
 * Finds what has changed or gone by comparing the shop with what the bridge last saw of it, and puts it into the outbox.
 * What was there before the bridge and is the same since is only remembered: the export serves history.
 */
class ErpSync_Comparison
{
    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Events */
    private $events;
    /** @var ErpSync_Collector */
    private $collector;
    /** @var ErpSync_Tombstones */
    private $tombstones;
    /** @var int raw time before which things are history */
    private $historyUntil;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->db = $app->db;
        $this->events = $app->events();
        $this->collector = new ErpSync_Collector($app);
        $this->tombstones = new ErpSync_Tombstones($app);
        $this->historyUntil = self::historyUntil($app);
    }

    /** @return int raw time when the bridge first came here; a new epoch does not move it */
    public static function historyUntil(ErpSync_App $app)
    {
        return $app->time()->toRaw($app->state->int('history_until'));
    }

    /**
     * A page of things, by primary key: what is new, different or gone among them.
     * @param string $after id
     * @param int $since raw time; older ones are passed over
     * @param string $wanted SQL: of which things the contents are compared
     * @return string|null|false where the next page begins, null at the end, false if another process is at it
     */
    public function page($kind, $after, $limit, $since, $wanted = '1 = 1')
    {
        if (!$this->db->lock('collect')) {
            return false;
        }
        try {
            $this->collector->collectLocked(500);
            $next = $this->pageLocked($kind, $after, $limit, $since, $wanted);
        } catch (Exception $error) {
            $this->db->unlock('collect');
            throw $error;
        }
        $this->db->unlock('collect');
        return $next;
    }

    /**
     * @param array $ids things that may have changed or gone
     * @param bool $isHint whether something was done to them since the bridge came: then history is told of, too
     * @return bool false if another process is at it
     */
    public function things($kind, array $ids, $isHint = false)
    {
        if ($ids === array()) {
            return true;
        }
        if (!$this->db->lock('collect')) {
            return false;
        }
        try {
            $this->collector->collectLocked(500);
            $stamps = ErpSync_Heads::stamps($this->db, $kind, $ids);
            $this->changed($kind, $stamps, $isHint);
            $this->gone($kind, 's.thing_id IN (' . implode(', ', array_map('intval', $ids)) . ')', $stamps);
        } catch (Exception $error) {
            $this->db->unlock('collect');
            throw $error;
        }
        $this->db->unlock('collect');
        return true;
    }

    private function pageLocked($kind, $after, $limit, $since, $wanted)
    {
        $head = ErpSync_Kinds::head($kind);
        $rows = $this->db->rows(
            'SELECT ' . $head['id'] . ' AS id, IFNULL(' . $head['stamp'] . ', 0) AS stamp, (' . $wanted . ') AS wanted FROM {'
            . $head['table'] . '} WHERE ' . $head['id'] . ' > ? AND ' . ErpSync_Kinds::where($kind) . ' ORDER BY '
            . $head['id'] . ' LIMIT ' . (int) $limit,
            array($after)
        );
        $next = count($rows) < $limit ? null : $rows[count($rows) - 1]['id'];
        $present = array();
        $compared = array();
        foreach ($rows as $row) {
            $present[$row['id']] = $row['stamp'];
            if ($row['wanted'] === '1' && (int) $row['stamp'] >= $since) {
                $compared[$row['id']] = $row['stamp'];
            }
        }
        $this->changed($kind, $compared);
        $range = 's.thing_id > ' . (int) $after . ($next === null ? '' : ' AND s.thing_id <= ' . (int) $next);
        $this->gone($kind, $range . ' AND s.stamp >= ' . (int) $since, $present);
        return $next;
    }

    /** @param array $stamps id => raw time of things that are there */
    private function changed($kind, array $stamps, $isHint = false)
    {
        if ($stamps === array()) {
            return;
        }
        $ids = array_keys($stamps);
        $waiting = array();
        foreach ($this->db->rows(
            'SELECT thing_id, digest FROM {erpsync_outbox} WHERE kind = ? AND thing_id IN (?) AND deleted = 0 AND state = ?',
            array($kind, $ids, ErpSync_Outbox::PENDING)
        ) as $row) {
            $waiting[$row['thing_id']] = $row['digest'];
        }
        $seen = array();
        foreach ($this->db->rows(
            'SELECT thing_id, stamp, digest, gone_at FROM {erpsync_seen} WHERE kind = ? AND thing_id IN (?)',
            array($kind, $ids)
        ) as $row) {
            // What was gone and is back is told of again, even if it is the same.
            $seen[$row['thing_id']][$row['stamp']] = $row['gone_at'] === '0' ? $row['digest'] : 'gone';
        }
        $history = array();
        $now = time();
        foreach ($this->events->digests($kind, $ids) as $id => $digest) {
            if (isset($waiting[$id])) {
                // Whoever follows the changes feed has passed its number, and must be told of what came since.
                if ($waiting[$id] !== $digest) {
                    $this->app->outbox->changed($kind, $id, $now, $digest);
                }
                continue;
            }
            $known = isset($seen[$id]) ? $seen[$id] : array();
            $stamp = $stamps[$id];
            // A new thing that a caller has read before it was found here has no digest either, and is no history.
            $isUnknown = isset($known[$stamp]) ? $known[$stamp] === '' : $known === array();
            if ($isUnknown && (int) $stamp < $this->historyUntil && !$isHint) {
                $history[$id] = $digest;
            } elseif (!isset($known[$stamp]) || $known[$stamp] !== $digest) {
                $this->tombstones->revoke($kind, $id, $stamp);
                $this->app->outbox->changed($kind, $id, $now, $digest);
            }
        }
        $this->remember($kind, $history, $stamps, $now);
    }

    /** History: what a later change differs from, and what its tombstone would need. */
    private function remember($kind, array $digests, array $stamps, $now)
    {
        if ($digests === array()) {
            return;
        }
        $heads = array();
        $lines = array();
        if ($kind === 'order') {
            foreach ($this->db->rows(
                'SELECT order_id, order_sn, order_status FROM {order_info} WHERE order_id IN (?)',
                array(array_keys($digests))
            ) as $row) {
                $heads[$row['order_id']] = $row;
            }
            $values = array();
            foreach ($this->db->rows(
                'SELECT rec_id, order_id FROM {order_goods} WHERE order_id IN (?)',
                array(array_keys($digests))
            ) as $row) {
                $lines[$row['order_id']][] = $row['rec_id'];
                array_push($values, $row['rec_id'], $row['order_id']);
            }
            if ($values !== array()) {
                $this->db->exec(
                    'INSERT IGNORE INTO {erpsync_line} (rec_id, order_id) VALUES '
                    . implode(', ', array_fill(0, count($values) / 2, '(?, ?)')),
                    $values
                );
            }
        }
        $values = array();
        foreach ($digests as $id => $digest) {
            array_push(
                $values,
                $kind,
                $id,
                $stamps[$id],
                isset($heads[$id]) ? $heads[$id]['order_sn'] : '',
                isset($heads[$id]) ? $heads[$id]['order_status'] : null,
                json_encode(isset($lines[$id]) ? ErpSync_Seen::ids($lines[$id]) : array()),
                $digest,
                $now
            );
        }
        $this->db->exec(
            'INSERT INTO {erpsync_seen} (kind, thing_id, stamp, no, status, rec_ids, digest, seen_at) VALUES '
            . implode(', ', array_fill(0, count($digests), '(?, ?, ?, ?, ?, ?, ?, ?)'))
            . " ON DUPLICATE KEY UPDATE digest = IF(digest = '', VALUES(digest), digest)",
            $values
        );
    }

    /**
     * What was seen and is there no more.
     * @param string $where SQL on the rows s of erpsync_seen
     * @param array $present id => raw time of what was there a moment ago
     */
    private function gone($kind, $where, array $present)
    {
        $suspects = array();
        foreach ($this->db->rows(
            'SELECT s.kind, s.thing_id, s.stamp, s.no FROM {erpsync_seen} s
             LEFT JOIN {erpsync_outbox} o ON o.kind = s.kind AND o.thing_id = s.thing_id AND o.deleted = 1 AND o.stamp = s.stamp
             WHERE s.kind = ? AND ' . $where . ' AND o.row_id IS NULL AND (s.gone_at = 0 OR s.merged_into > 0)',
            array($kind)
        ) as $row) {
            if (!isset($present[$row['thing_id']]) || $present[$row['thing_id']] !== $row['stamp']) {
                $suspects[] = $row;
            }
        }
        if ($suspects === array()) {
            return;
        }
        // A trigger may have written more of it meanwhile, and an order may have come after the page was read.
        $this->collector->collectLocked(500);
        $now = time();
        foreach ($suspects as $row) {
            $there = ErpSync_Heads::stamps($this->db, $kind, array($row['thing_id']));
            $isThere = isset($there[$row['thing_id']]) && $there[$row['thing_id']] === $row['stamp'];
            $told = $this->db->value(
                'SELECT 1 FROM {erpsync_outbox} WHERE kind = ? AND thing_id = ? AND deleted = 1 AND stamp = ?',
                array($kind, $row['thing_id'], $row['stamp'])
            );
            if (!$isThere && $told === null) {
                // Nobody saw it go: with which status it was deleted is not known.
                $row += array('status' => null, 'from_id' => $kind === 'return' ? (int) $row['no'] : 0);
                $this->tombstones->put($row, array(), $there === array(), $now);
                if ($there === array()) {
                    $this->tombstones->clearSnapshot($kind, $row['thing_id']);
                }
            }
        }
    }
}
