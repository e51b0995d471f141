<?php
/**
 * The columns of a shop's table that may be read, found out by asking the table: generations differ, and merchants add
 * their own. A column whose name looks like a secret is never named in a query.
 */
class ErpSync_Columns
{
    const SECRET = '/pass|pwd|salt|answer|question|secret|token|key|hash|cert|credential|session|private|captcha|openid|pay_config/i';
    /** Not text. */
    const BINARY = '/^(\w*blob|(var)?binary|bit|geometry|\w*point|\w*linestring|\w*polygon)/i';

    /** @var array table => names that this bridge has no use for */
    private static $unused = array(
        // What a login or a movement of money or points leaves in the member's row; none of it makes another customer.
        'users' => array(
            'last_login', 'last_time', 'last_ip', 'visit_count', 'user_money', 'frozen_money', 'pay_points', 'rank_points',
        ),
        'user_address' => array('user_id'),
        // The order's own figures, and the address copied once more.
        'delivery_order' => array(
            'order_id', 'order_sn', 'user_id', 'add_time', 'action_user', 'consignee', 'address', 'country', 'province',
            'city', 'district', 'sign_building', 'email', 'zipcode', 'tel', 'mobile', 'best_time', 'postscript', 'how_oos',
        ),
        'delivery_goods' => array('rec_id', 'brand_name'),
        'order_goods' => array('order_id'),
        'pay_log' => array('order_id'),
        'back_goods' => array('back_id', 'brand_name'),
        'goods_activity' => array('act_desc'),
        'feedback' => array('parent_id'),
    );

    /** @var ErpSync_Db */
    private $db;
    /** @var array table => names */
    private $known = array();

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /** @return array names, in the table's order; empty where this generation has no such table */
    public function of($table)
    {
        if (!isset($this->known[$table])) {
            $unused = isset(self::$unused[$table]) ? self::$unused[$table] : array();
            $this->known[$table] = array();
            foreach ($this->db->columns($table) as $name => $column) {
                if (!preg_match(self::SECRET, $name) && !preg_match(self::BINARY, $column['Type'])
                    && preg_match('/^\w+$/u', $name) && !in_array($name, $unused, true)) {
                    $this->known[$table][] = $name;
                }
            }
        }
        return $this->known[$table];
    }

    /** @return string SQL list of the columns of the table with alias t */
    public function listed($table)
    {
        return 't.`' . implode('`, t.`', $this->of($table)) . '`';
    }

    /** @return string SQL for the MD5 of what listed() would read; as bytes, because columns may differ in charset */
    public function digest($table)
    {
        $parts = array();
        foreach ($this->of($table) as $name) {
            $parts[] = 'IFNULL(CAST(t.`' . $name . '` AS BINARY), CHAR(0))';
        }
        return 'MD5(CONCAT_WS(CHAR(31), ' . implode(', ', $parts) . '))';
    }
}
