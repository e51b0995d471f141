<?php
/** Which things the shop has now, by the row that is each one's head. */
class ErpSync_Heads
{
    /**
     * @param array $ids not empty
     * @return array id => raw time that is the other half of its identity, as a string; absent ones are left out
     */
    public static function stamps(ErpSync_Db $db, $kind, array $ids)
    {
        $head = ErpSync_Kinds::head($kind);
        $stamps = array();
        $rows = $db->rows(
            'SELECT ' . $head['id'] . ' AS id, IFNULL(' . $head['stamp'] . ', 0) AS stamp FROM {' . $head['table'] . '} WHERE '
            . $head['id'] . ' IN (?) AND ' . ErpSync_Kinds::where($kind),
            array($ids)
        );
        foreach ($rows as $row) {
            $stamps[$row['id']] = $row['stamp'];
        }
        return $stamps;
    }

    /** @return array of ids above $after, rising, by primary key; for orders not those added before $since (raw) */
    public static function after(ErpSync_Db $db, $kind, $after, $limit, $since = 0)
    {
        $head = ErpSync_Kinds::head($kind);
        return $db->column(
            'SELECT ' . $head['id'] . ' FROM {' . $head['table'] . '} WHERE ' . $head['id'] . ' > ? AND ' . ErpSync_Kinds::where($kind)
            . ' AND ' . $head['stamp'] . ' >= ? ORDER BY ' . $head['id'] . ' LIMIT ' . (int) $limit,
            array($after, $since)
        );
    }

    /** @return string the highest id, '0' for none */
    public static function last(ErpSync_Db $db, $kind)
    {
        $head = ErpSync_Kinds::head($kind);
        return (string) (int) $db->value('SELECT MAX(' . $head['id'] . ') FROM {' . $head['table'] . '}');
    }

    /**
     * An id below all orders added since $since, found by halving: add_time has no index, and rises with the id.
     * @param int $since raw time
     * @return string
     */
    public static function orderBefore(ErpSync_Db $db, $since)
    {
        $low = 0;
        $high = (int) self::last($db, 'order');
        while ($low < $high) {
            $middle = (int) floor(($low + $high) / 2);
            $row = $db->row('SELECT order_id, add_time FROM {order_info} WHERE order_id > ? ORDER BY order_id LIMIT 1', array($middle));
            if ($row === null || (int) $row['add_time'] >= $since) {
                $high = $middle;
            } else {
                $low = (int) $row['order_id'];
            }
        }
        return (string) $low;
    }
}
