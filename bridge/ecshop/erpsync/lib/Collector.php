<?php
/**
 * Turns what the triggers wrote into the outbox. It keeps no cursor: it takes rows that are there and deletes exactly
 * those, so that one which a long statement commits late is just taken later. Ending half-way, it repeats itself harmlessly.
 */
class ErpSync_Collector
{
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Outbox */
    private $outbox;
    /** @var ErpSync_Seen */
    private $seen;
    /** @var ErpSync_Tombstones */
    private $tombstones;

    public function __construct(ErpSync_App $app)
    {
        $this->db = $app->db;
        $this->outbox = $app->outbox;
        $this->seen = new ErpSync_Seen($app->db);
        $this->tombstones = new ErpSync_Tombstones($app);
    }

    /**
     * @param int $limit rows of `erpsync_change`
     * @param float|null $until microtime after which no further batch is begun: an edit of the whole shop can leave many
     * @return int how many were taken; 0 also while another process collects
     */
    public function collect($limit = 5000, $until = null)
    {
        $taken = 0;
        do {
            if (!$this->db->lock('collect')) {
                return $taken;
            }
            try {
                $batch = $this->collectLocked(min(500, $limit - $taken));
            } catch (Exception $error) {
                $this->db->unlock('collect');
                throw $error;
            }
            $this->db->unlock('collect');
            $taken += $batch;
        } while ($batch === 500 && $taken < $limit && ($until === null || microtime(true) < $until));
        return $taken;
    }

    /** For who holds the lock `collect` already. @return int rows taken */
    public function collectLocked($limit)
    {
        $rows = $this->db->rows(
            'SELECT id, kind, thing_id, op, rec_id, from_id, stamp, no, status FROM {erpsync_change} ORDER BY id LIMIT '
            . (int) $limit
        );
        if ($rows === array()) {
            return 0;
        }
        // Whether a thing is there is read after its changes: what is gone now has its own row, here or on its way.
        $touched = array();
        foreach ($rows as $row) {
            if ($row['kind'] === 'activity') {
                foreach ($this->groupBuyOrders($row['thing_id']) as $id) {
                    $touched['order'][$id] = true;
                }
            } else {
                $touched[$row['kind']][$row['thing_id']] = true;
            }
        }
        $heads = array();
        foreach ($touched as $kind => $ids) {
            $heads[$kind] = ErpSync_Heads::stamps($this->db, $kind, array_keys($ids));
        }
        $this->db->exec('START TRANSACTION');
        try {
            $this->take($rows, $touched, $heads);
            $this->db->exec('COMMIT');
        } catch (Exception $error) {
            $this->rollBack();
            throw $error;
        }
        return count($rows);
    }

    private function take(array $rows, array $touched, array $heads)
    {
        $now = time();
        $lines = array();
        $deleted = array();
        foreach ($rows as $row) {
            if ($row['op'] === 'm') {
                $this->seen->moved($row['rec_id'], $row['from_id'], $row['thing_id']);
                $lines[$row['from_id']][] = $row['rec_id'];
            } elseif ($row['op'] === 'l') {
                $deleted[] = $row['rec_id'];
                $lines[$row['thing_id']][] = $row['rec_id'];
            }
        }
        foreach ($rows as $row) {
            // Deleted and put back as the same thing: it has only changed.
            if ($row['op'] === 'd' && !self::isThere($heads, $row)) {
                $id = $row['thing_id'];
                $this->tombstones->put($row, isset($lines[$id]) ? $lines[$id] : array(), !isset($heads['order'][$id]), $now);
                unset($lines[$id]);
            }
        }
        foreach ($lines as $id => $recIds) {
            if (!isset($heads['order'][$id])) {
                $this->tombstones->complete($id, $recIds, $now);
            }
        }
        $this->seen->linesDeleted($deleted);
        foreach ($touched as $kind => $ids) {
            foreach (array_keys($ids) as $id) {
                if (isset($heads[$kind][$id])) {
                    $this->tombstones->revoke($kind, $id, $heads[$kind][$id]);
                    $this->outbox->changed($kind, $id, $now);
                } else {
                    $this->tombstones->clearSnapshot($kind, $id);
                }
            }
        }
        // One by one: a range could be locked, and the shop inserts into it all the time.
        foreach ($rows as $row) {
            $this->db->exec('DELETE FROM {erpsync_change} WHERE id = ?', array($row['id']));
        }
    }

    /** An activity that was decided concerns every order of it. */
    private function groupBuyOrders($activity)
    {
        return $this->db->column(
            'SELECT order_id FROM {order_info} WHERE extension_code = ? AND extension_id = ?',
            array('group_buy', $activity)
        );
    }

    private static function isThere(array $heads, array $row)
    {
        return isset($heads[$row['kind']][$row['thing_id']])
            && $heads[$row['kind']][$row['thing_id']] === $row['stamp'];
    }

    private function rollBack()
    {
        try {
            $this->db->exec('ROLLBACK');
        } catch (ErpSync_DbError $error) {
            // The connection is gone, and the transaction with it.
            return;
        }
    }
}
