<?php
/** Rows of the shop's tables, for many things in one query. */
class ErpSync_Rows
{
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Columns */
    private $columns;

    public function __construct(ErpSync_Db $db, ErpSync_Columns $columns)
    {
        $this->db = $db;
        $this->columns = $columns;
    }

    /**
     * @param string $owner column with the id of the thing that a row belongs to, if joined with its alias
     * @param array $ids not empty
     * @param array $how order (SQL), and (SQL condition), join (SQL); bare: without the columns, for the digest alone
     * @return array id => list of ErpSync_Row
     */
    public function of($table, $owner, array $ids, array $how)
    {
        if ($ids === array() || $this->columns->of($table) === array()) {
            return array();
        }
        $how += array('and' => '1 = 1', 'join' => '', 'bare' => false);
        $owner = strpos($owner, '.') === false ? 't.' . $owner : $owner;
        $found = $this->db->rows(
            'SELECT ' . ($how['bare'] ? '' : $this->columns->listed($table) . ', ') . $owner . ' AS erpsync_owner, '
            . $this->columns->digest($table) . ' AS erpsync_digest FROM {' . $table . '} t ' . $how['join']
            . ' WHERE ' . $owner . ' IN (?) AND ' . $how['and'] . ' ORDER BY ' . $how['order'],
            array(array_values($ids))
        );
        $rows = array();
        foreach ($found as $columns) {
            $id = $columns['erpsync_owner'];
            $digest = (string) $columns['erpsync_digest'];
            unset($columns['erpsync_owner'], $columns['erpsync_digest']);
            $rows[$id][] = new ErpSync_Row($columns, $digest);
        }
        return $rows;
    }

    /**
     * @param array $tables each as of() returns it, the heads first
     * @return array id of each head => MD5 over the digests of all its rows
     */
    public static function digests(array $tables)
    {
        $digests = array();
        foreach (array_keys($tables[0]) as $id) {
            $parts = '';
            foreach ($tables as $rows) {
                foreach (isset($rows[$id]) ? $rows[$id] : array() as $row) {
                    $parts .= $row->digest;
                }
                $parts .= '/';
            }
            $digests[$id] = md5($parts);
        }
        return $digests;
    }
}
