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

    private static function last(ErpSync_Db $db, $kind)
    {
        $head = ErpSync_Kinds::head($kind);
        return (string) (int) $db->value('SELECT MAX(' . $head['id'] . ') FROM {' . $head['table'] . '}');
    }

    /**
     * An id below all that were added since $since, found by halving: the time has no index, but rises with the id.
     * @param int $since raw time
     * @return string
     */
    public static function before(ErpSync_Db $db, $kind, $since)
    {
        $head = ErpSync_Kinds::head($kind);
        $low = 0;
        $high = (int) self::last($db, $kind);
        while ($low < $high) {
            $middle = (int) floor(($low + $high) / 2);
            $row = $db->row(
                'SELECT ' . $head['id'] . ' AS id, ' . $head['stamp'] . ' AS stamp FROM {' . $head['table'] . '} WHERE '
                . $head['id'] . ' > ? ORDER BY ' . $head['id'] . ' LIMIT 1',
                array($middle)
            );
            if ($row === null || (int) $row['stamp'] >= $since) {
                $high = $middle;
            } else {
                $low = (int) $row['id'];
            }
        }
        return (string) $low;
    }
}
