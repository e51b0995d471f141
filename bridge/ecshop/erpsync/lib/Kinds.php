<?php
/** The kinds of things the bridge tells of, and the row of the shop that is each one's head. */
class ErpSync_Kinds
{
    /** @var array kind => table, its primary key, and the raw time that is the other half of its identity */
    private static $heads = array(
        'order' => array('table' => 'order_info', 'id' => 'order_id', 'stamp' => 'add_time'),
        'customer' => array('table' => 'users', 'id' => 'user_id', 'stamp' => 'reg_time'),
        'return' => array('table' => 'back_order', 'id' => 'back_id', 'stamp' => 'return_time'),
        'ticket' => array('table' => 'feedback', 'id' => 'msg_id', 'stamp' => 'msg_time'),
    );

    /** @return array */
    public static function names()
    {
        return array_keys(self::$heads);
    }

    /** @return array table, id, stamp */
    public static function head($kind)
    {
        return self::$heads[$kind];
    }

    /** @return string SQL for the heads alone: a reply in `feedback` is part of another's ticket */
    public static function where($kind)
    {
        return $kind === 'ticket' ? 'parent_id = 0' : '1 = 1';
    }
}
