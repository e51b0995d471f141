<?php
/**
 * Which orders went into which. ECShop's merge makes a third order, moves the lines of the two there under their rec_id,
 * and only then deletes the two (merge_order() of lib_order.php); nothing else tells of it.
 */
class ErpSync_Merges
{
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Seen */
    private $seen;

    public function __construct(ErpSync_Db $db, ErpSync_Seen $seen)
    {
        $this->db = $db;
        $this->seen = $seen;
    }

    /**
     * Finds orders whose lines turned up in others, and writes down where they went.
     * @param array $orders id => stamp and rec_ids
     * @param array $memory rec_id => row of erpsync_line
     * @return array id => true for orders whose merge is not over: what they took lines from is there yet, empty
     */
    public function settle(array $orders, array $memory)
    {
        $moved = array();
        foreach ($orders as $id => $order) {
            foreach ($order['rec_ids'] as $recId) {
                $from = isset($memory[$recId]) ? self::origin($memory[$recId], $id) : 0;
                // A merged order is always younger than what went into it.
                if ($from > 0 && $from < $id) {
                    $moved[$from][$id][] = $recId;
                }
            }
        }
        $unfinished = array();
        if ($moved === array()) {
            return $unfinished;
        }
        $there = array();
        foreach ($this->db->rows(
            'SELECT o.order_id, EXISTS(SELECT 1 FROM {order_goods} g WHERE g.order_id = o.order_id) AS has_lines
             FROM {order_info} o WHERE o.order_id IN (?)',
            array(array_keys($moved))
        ) as $row) {
            $there[$row['order_id']] = $row['has_lines'] === '1';
        }
        foreach ($moved as $from => $into) {
            foreach ($into as $id => $recIds) {
                if (!isset($there[$from])) {
                    $this->write($from, $id, $orders[$id]['stamp'], $recIds);
                } elseif (!$there[$from]) {
                    $unfinished[$id] = true;
                }
            }
        }
        return $unfinished;
    }

    private static function origin(array $line, $id)
    {
        return (int) $line['order_id'] !== (int) $id ? (int) $line['order_id'] : (int) $line['from_id'];
    }

    /** An order that neither was seen nor left a trace when it was deleted was never told of: it has no successor either. */
    private function write($from, $into, $stamp, array $recIds)
    {
        $known = $this->seen->find('order', $from, null);
        if ($known === null) {
            $known = $this->deletedUnseen($from);
        }
        if ($known !== null) {
            $this->record($from, $known['stamp'], $known['no'], array_merge($known['rec_ids'], $recIds), $into, $stamp);
        }
    }

    private function record($from, $fromStamp, $no, array $recIds, $into, $stamp)
    {
        $this->seen->markGone('order', $from, $fromStamp, $no, ErpSync_Seen::ids($recIds));
        $this->db->exec(
            'UPDATE {erpsync_seen} SET merged_into = ?, merged_stamp = ? WHERE kind = ? AND thing_id = ? AND stamp = ?',
            array($into, $stamp, 'order', $from, $fromStamp)
        );
    }

    /** @return array|null stamp, no, rec_ids */
    private function deletedUnseen($id)
    {
        $row = $this->db->row(
            'SELECT stamp, payload FROM {erpsync_outbox} WHERE kind = ? AND thing_id = ? AND deleted = 1 ORDER BY seq DESC LIMIT 1',
            array('order', $id)
        );
        if ($row !== null) {
            $payload = json_decode((string) $row['payload'], true);
            return array(
                'stamp' => $row['stamp'],
                'no' => isset($payload['order_sn']) ? $payload['order_sn'] : '',
                'rec_ids' => isset($payload['rec_ids']) ? $payload['rec_ids'] : array(),
            );
        }
        // Not collected yet.
        $row = $this->db->row(
            'SELECT stamp, no FROM {erpsync_change} WHERE kind = ? AND op = ? AND thing_id = ? LIMIT 1',
            array('order', 'd', $id)
        );
        return $row === null ? null : $row + array('rec_ids' => array());
    }

    /**
     * @param array $orders id => stamp
     * @return array id => list of predecessors as the webhook contract has them, those of predecessors among them
     */
    public function predecessors(array $orders)
    {
        $found = array();
        $wanted = array();
        foreach ($orders as $id => $stamp) {
            $wanted[$id . '/' . $stamp] = $id;
        }
        $met = $wanted;
        while ($wanted !== array()) {
            $ids = array();
            foreach (array_keys($wanted) as $identity) {
                $ids[] = (int) $identity;
            }
            $next = array();
            foreach ($this->db->rows(
                'SELECT thing_id, stamp, no, rec_ids, merged_into, merged_stamp FROM {erpsync_seen}
                 WHERE kind = ? AND merged_into IN (?) ORDER BY thing_id, stamp',
                array('order', $ids)
            ) as $row) {
                $identity = $row['thing_id'] . '/' . $row['stamp'];
                $into = $row['merged_into'] . '/' . $row['merged_stamp'];
                if (!isset($wanted[$into]) || isset($met[$identity])) {
                    continue;
                }
                $met[$identity] = true;
                $next[$identity] = $wanted[$into];
                $found[$wanted[$into]][] = array(
                    'order_id' => $row['thing_id'],
                    'order_sn' => $row['no'],
                    'add_time' => (int) $row['stamp'],
                    'rec_ids' => ErpSync_Seen::ids(json_decode($row['rec_ids'], true)),
                );
            }
            $wanted = $next;
        }
        return $found;
    }

    /**
     * @param array $recIds what is known of its lines
     * @return array|null order_id, order_sn of the order that has the lines of a deleted one
     */
    public function successor($id, $stamp, $no, array $recIds)
    {
        $known = $this->seen->find('order', $id, $stamp);
        if ($known !== null && $known['merged_into'] !== '0') {
            return array('order_id' => $known['merged_into'], 'order_sn' => $this->numberOf($known));
        }
        if ($recIds === array()) {
            return null;
        }
        // Lines that are the deleted order's own: their ids may have been given to another since.
        $row = $this->db->row(
            'SELECT o.order_id, o.order_sn, o.add_time FROM {erpsync_line} l
             JOIN {order_goods} g ON g.rec_id = l.rec_id JOIN {order_info} o ON o.order_id = g.order_id
             WHERE l.rec_id IN (?) AND (l.order_id = ? OR l.from_id = ?) AND o.order_id > ? ORDER BY o.order_id DESC LIMIT 1',
            array($recIds, $id, $id, $id)
        );
        if ($row === null) {
            return null;
        }
        $this->record($id, $stamp, $no, $recIds, $row['order_id'], $row['add_time']);
        return array('order_id' => $row['order_id'], 'order_sn' => ErpSync_Text::clean($row['order_sn']));
    }

    private function numberOf(array $merged)
    {
        $into = $this->seen->find('order', $merged['merged_into'], $merged['merged_stamp']);
        if ($into !== null) {
            return $into['no'];
        }
        return ErpSync_Text::clean($this->db->value(
            'SELECT order_sn FROM {order_info} WHERE order_id = ? AND add_time = ?',
            array($merged['merged_into'], $merged['merged_stamp'])
        ));
    }
}
