<?php
/**
 * Rows of ECShop's journals. They are inserts, which no step can move with; so each carries the mark of its command and an
 * instant that the claim keeps, and is looked for before it is written. One statement writes all rows of a mark.
 */
class ErpSync_ShopLog
{
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /** @return string of ASCII, which every charset of the shop stores as it is */
    public static function mark($commandId)
    {
        return '[' . $commandId . ']';
    }

    /**
     * A row of order_action.
     * @param array $row order_id, action_user, order_status, shipping_status, pay_status, action_place, log_time (raw)
     */
    public function action(array $row, $mark, $note)
    {
        $found = $this->db->value(
            'SELECT action_id FROM {order_action} WHERE order_id = ? AND log_time = ? AND LOCATE(?, action_note) > 0 LIMIT 1',
            array($row['order_id'], $row['log_time'], $mark)
        );
        if ($found === null) {
            $row['action_note'] = ErpSync_StoredText::encoded($this->db, $mark . ' ' . $note, 255);
            $this->insert('order_action', array($row));
        }
    }

    /**
     * Rows of account_log; the member's balance and points themselves move with the step of the command.
     * @param array $changes each user_money, rank_points, pay_points and change_desc
     * @param int $time raw
     */
    public function account($userId, array $changes, $time, $mark)
    {
        $found = $this->db->value(
            'SELECT log_id FROM {account_log} WHERE user_id = ? AND change_time = ? AND LOCATE(?, change_desc) > 0 LIMIT 1',
            array($userId, $time, $mark)
        );
        if ($changes === array() || $found !== null) {
            return;
        }
        $rows = array();
        foreach ($changes as $change) {
            $rows[] = array(
                'user_id' => $userId,
                'user_money' => $change['user_money'],
                'frozen_money' => 0,
                'rank_points' => $change['rank_points'],
                'pay_points' => $change['pay_points'],
                'change_time' => $time,
                'change_desc' => ErpSync_StoredText::encoded($this->db, $change['change_desc'] . ' ' . $mark, 255),
                // ACT_OTHER, as ECShop writes it for orders.
                'change_type' => 99,
            );
        }
        $this->insert('account_log', $rows);
    }

    /** @param array $rows of the same columns */
    public function insert($table, array $rows)
    {
        $values = array();
        foreach ($rows as $row) {
            $values = array_merge($values, array_values($row));
        }
        $columns = array_keys($rows[0]);
        $row = '(' . implode(', ', array_fill(0, count($columns), '?')) . ')';
        $this->db->exec(
            'INSERT INTO {' . $table . '} (' . implode(', ', $columns) . ') VALUES '
            . implode(', ', array_fill(0, count($rows), $row)),
            $values
        );
    }
}
