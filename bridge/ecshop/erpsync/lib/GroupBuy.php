<?php
/** What an order needs to know of its group-buy activity: the deposit, and whether it has succeeded. Never cached. */
class ErpSync_GroupBuy
{
    /** GBS_* of includes/inc_constant.php */
    const PRE_START = 0;
    const UNDER_WAY = 1;
    const FINISHED = 2;
    const SUCCEEDED = 3;
    const FAILED = 4;

    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /**
     * @param array $ids activities
     * @param int $now as gmtime() has it
     * @return array id => deposit, status
     */
    public function of(array $ids, $now)
    {
        $found = array();
        if ($ids === array()) {
            return $found;
        }
        $rows = $this->db->rows(
            'SELECT act_id, goods_id, start_time, end_time, is_finished, ext_info FROM {goods_activity}
             WHERE act_id IN (?) AND act_type = 1',
            array(array_values($ids))
        );
        foreach ($rows as $row) {
            $found[$row['act_id']] = array(
                'deposit' => ErpSync_Row::twoDecimals(self::setting($row['ext_info'], 'deposit')),
                'status' => $this->status($row, $now),
            );
        }
        return $found;
    }

    /** group_buy_status() of includes/lib_goods.php */
    private function status(array $row, $now)
    {
        $decided = (int) $row['is_finished'];
        if ($decided === self::SUCCEEDED || $decided === self::FAILED) {
            return $decided;
        }
        if ($now < (int) $row['start_time']) {
            return self::PRE_START;
        }
        $limit = (int) self::setting($row['ext_info'], 'restrict_amount');
        $isSoldOut = $limit > 0 && $now <= (int) $row['end_time'] && $this->sold($row) >= $limit;
        return $isSoldOut || $now > (int) $row['end_time'] ? self::FINISHED : self::UNDER_WAY;
    }

    /** group_buy_stat(): pieces in orders that are alive and, if there is a deposit, have paid it. */
    private function sold(array $row)
    {
        return (int) $this->db->value(
            'SELECT SUM(g.goods_number) FROM {order_info} o JOIN {order_goods} g ON g.order_id = o.order_id
             WHERE o.extension_code = ? AND o.extension_id = ? AND g.goods_id = ? AND o.order_status IN (0, 1)
               AND o.money_paid + o.surplus >= ?',
            array('group_buy', $row['act_id'], $row['goods_id'], self::setting($row['ext_info'], 'deposit'))
        );
    }

    /**
     * A number out of PHP's serialize(). Not unserialize(): it makes objects, and the lengths of a GBK shop's strings are
     * not those that arrive here.
     */
    private static function setting($serialized, $name)
    {
        $key = 's:' . strlen($name) . ':"' . $name . '";';
        $number = '(?:i:|d:|s:\d+:")(-?[0-9.]+(?:E[+-]?\d+)?)';
        return preg_match('/' . preg_quote($key, '/') . $number . '/', (string) $serialized, $found) ? $found[1] : '0';
    }
}
